import BNormCore
