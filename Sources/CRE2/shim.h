/* RE2 is C++: see CRegex. This module only says how to link it. */
