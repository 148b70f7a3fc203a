"""Matrix products."""
from oracle.dtypes import INTS
from oracle.spec import op

GENTLE = {"special": False, "scale": 1}
SIZES = [1, 2, 3, 5, 8, 16, 17, 33]


def how(dtype):
    return {"low": 0 if dtype.startswith("u") else -9, "high": 9} if dtype in INTS else GENTLE


@op("MatMul", tol="sum", count=3)
def matmul(c):
    dtype = c.dtype()
    m, k, n = c.choice(SIZES), c.choice(SIZES), c.choice(SIZES)
    if c.chance(0.08):
        m, k, n = c.choice([(0, 3, 2), (3, 0, 2), (3, 2, 0)])
    ta, tb = c.chance(0.35), c.chance(0.35)
    a, b = [k, m] if ta else [m, k], [n, k] if tb else [k, n]
    if c.bad("inner", "rank"):
        b = [b[0] + 1, b[1] + 1] if c.chance(0.6) else [1, *b]
    c.run(c.draw(dtype, a, **how(dtype)), c.draw(dtype, b, **how(dtype)), transpose_a=ta,
          transpose_b=tb)


@op("BatchMatMul BatchMatMulV2 BatchMatMulV3", tol="sum", count=2)
def batch_matmul(c):
    three = c.name.endswith("V3")
    dtype = c.dtype("Ta" if three else "T")
    m, k, n = (c.choice(SIZES[:6]) for _ in range(3))
    lead_a, lead_b = c.broadcast(2, high=3, limit=12)
    if c.name == "BatchMatMul":
        lead_b = lead_a
    ax, ay = c.chance(0.35), c.chance(0.35)
    a, b = [k, m] if ax else [m, k], [n, k] if ay else [k, n]
    if c.bad("inner"):
        b = [b[0] + 1, b[1] + 1]
    more = {"Tout": "int32" if dtype in ("int8", "uint8") else dtype} if three else {}
    c.run(c.draw(dtype, lead_a + a, **how(dtype)), c.draw(dtype, lead_b + b, **how(dtype)),
          adj_x=ax, adj_y=ay, **more)


@op("SparseMatMul", tol="sum")
def sparse_matmul(c):
    ta, tb = c.chance(0.35), c.chance(0.35)
    m, k, n = c.choice(SIZES), c.choice(SIZES), c.choice(SIZES)
    first, second = c.choice([("float", "float"), ("bfloat16", "float"), ("float", "bfloat16"),
                              ("bfloat16", "bfloat16")])
    a = c.values(first, [k, m] if ta else [m, k], **GENTLE)
    a = a * (c.rng.random(a.shape) < 0.4)
    c.run(c.feed(a, first), c.draw(second, [n, k] if tb else [k, n], **GENTLE), transpose_a=ta,
          transpose_b=tb, a_is_sparse=c.chance(0.5), b_is_sparse=c.chance(0.3))


EQUATIONS = ["ij,jk->ik", "ij,jk->ki", "bij,bjk->bik", "i,i->", "i,j->ij", "ij->ji", "ij->",
             "ii->i", "ii->", "...ij,...jk->...ik", "bhqd,bhkd->bhqk", "abc,cd->abd",
             "ab,ab->a", "ij->j", "bij,jk->bik", "...ii->...i", "abcd,cbe->ade", "i...->...",
             "ij,ij->ij", "aab,bc->ac"]


@op("Einsum", tol="sum", count=3)
def einsum(c):
    dtype = c.dtype(skip=("string", "bool"))
    equation = EQUATIONS[c.index % len(EQUATIONS)]
    sizes = {letter: c.choice([1, 2, 3, 4, 7]) for letter in "abcdefghijkdqh"}
    extra = c.shape(high=2, empty=0, sizes=[2, 3])
    inputs = []
    for term in equation.split("->")[0].split(","):
        shape = []
        for letter in term.replace("...", "."):
            shape += extra if letter == "." else [sizes[letter]]
        if c.bad("rank"):
            shape = shape + [2]
        inputs.append(c.draw(dtype, shape, **how(dtype)))
    c.run(inputs, equation=equation)
