"""The list of op specifications."""
import collections
import importlib
import pathlib

SPECS = collections.OrderedDict()
_FAMILY = [None]


class Spec:
    def __init__(self, name, family, build, options):
        self.name, self.family, self.build, self.options = name, family, build, options


def op(*names, **options):
    """Register a function that builds a case, for each of `names`.

    Options: tol ("exact", "math", "sum", "loose" or (rtol, atol)), count (cases relative to the
    others), check (False: only shapes are compared), keys (any key that the function reads as
    `c.options`).
    """
    flat = [n for name in names for n in name.split()]

    def register(build):
        for name in flat:
            key = name if name not in SPECS else f"{name}+{build.__name__}"
            assert key not in SPECS, key
            SPECS[key] = Spec(key, _FAMILY[0], build, options)
        return build
    return register


def load(family=None):
    folder = pathlib.Path(__file__).resolve().parent.parent / "families"
    for path in sorted(folder.glob("*.py")):
        if path.stem.startswith("_"):
            continue
        name = path.stem.split("_")[0] if not path.stem.startswith("random") else "random"
        if family and name != family:
            continue
        _FAMILY[0] = name
        importlib.import_module(f"families.{path.stem}")
    return SPECS
