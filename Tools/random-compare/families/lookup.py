"""Hash tables: made, filled, asked, changed and exported in one run."""
import numpy as np

from oracle.spec import op

PAIRS = [("string", "int64"), ("int64", "string"), ("int64", "float"), ("string", "float"),
         ("int64", "int64"), ("string", "string"), ("int32", "int32"), ("int32", "float"),
         ("int32", "double"), ("int64", "int32"), ("string", "bool"), ("int64", "bool"),
         ("string", "int32"), ("string", "double"), ("int64", "double"), ("int32", "string")]


def version(c):
    return "V2" if c.name.endswith("V2") else ""


def keys_of(c, dtype, count):
    if dtype == "string":
        return np.array([b"key%d" % i for i in c.rng.permutation(20)[:count]], object)
    return c.rng.permutation(50)[:count] - 10


def pair(c, allowed=PAIRS):
    return allowed[c.index % len(allowed)]


def asked(c, keys, dtype):
    """Some of the keys and some others."""
    more = np.concatenate([keys, keys_of(c, dtype, 3)])
    return c.feed(more[c.rng.integers(0, len(more), c.shape(high=2))], dtype)


@op("HashTable HashTableV2 InitializeTable InitializeTableV2 LookupTableFind LookupTableFindV2 "
    "LookupTableSize LookupTableSizeV2", tol="exact")
def hash_table(c):
    v = version(c)
    k, t = pair(c)
    table = c.op("HashTable" + v, key_dtype=k, value_dtype=t, **c.attrs(
        shared_name=[None, "table"], use_node_name_sharing=[None, True]))
    keys = keys_of(c, k, c.int(0, 6))
    if c.bad("duplicate", "uninitialised") and len(keys) > 1:
        keys[1] = keys[0]
    values = c.values(t, [len(keys)], special=False)
    if len(keys) > 1 and c.expects_error:
        values = c.values(t, [len(keys)], special=False) if t != "bool" else np.array(
            [i % 2 == 0 for i in range(len(keys))])
    init = c.op("InitializeTable" + v, table, c.feed(keys, k), c.feed(values, t))
    c.fetch(c.op("LookupTableFind" + v, table, asked(c, keys, k), c.draw(t, []), deps=[init]),
            c.op("LookupTableSize" + v, table, deps=[init]))


def sorted_export(c, table, v, k, t, after):
    """Export has no order: sort by key where keys have one, else fetch the size alone."""
    keys, values = c.op("LookupTableExport" + v, table, Tkeys=k, Tvalues=t, deps=[after])
    if k == "string":
        c.fetch(c.op("Shape", keys), c.op("Shape", values))
        return
    order = c.op("TopKV2", c.op("Cast", keys, DstT="int32"), c.op("Size", keys))
    c.fetch(order[0], c.op("GatherV2", values, order[1], c.host(0, const=1)))


@op("MutableHashTable MutableHashTableV2 LookupTableInsert LookupTableInsertV2 LookupTableExport "
    "LookupTableExportV2 LookupTableImport LookupTableImportV2 LookupTableRemoveV2", tol="exact")
def mutable(c):
    v = version(c)
    k, t = pair(c, PAIRS[:6] + PAIRS[12:14])
    table = c.op("MutableHashTable" + v, key_dtype=k, value_dtype=t)
    fill(c, table, v, k, t, [])


def fill(c, table, v, k, t, shape):
    keys = keys_of(c, k, c.int(1, 6))
    last = c.op("LookupTableInsert" + v, table, c.feed(keys, k), c.draw(t, [len(keys), *shape],
                                                                        special=False))
    if "Import" in c.name:
        keys = keys_of(c, k, c.int(1, 6))
        last = c.op("LookupTableImport" + v, table, c.feed(keys, k), c.draw(
            t, [len(keys), *shape], special=False), deps=[last])
    elif c.chance(0.5):
        last = c.op("LookupTableInsert" + v, table, c.feed(keys[:1], k), c.draw(
            t, [1, *shape], special=False), deps=[last])
    if v and ("Remove" in c.name or c.chance(0.3)) and "Anonymous" not in c.name:
        last = c.op("LookupTableRemoveV2", table, c.feed(keys[:1], k), deps=[last])
    c.fetch(c.op("LookupTableFind" + v, table, asked(c, keys, k), c.draw(t, shape, special=False),
                 deps=[last]), c.op("LookupTableSize" + v, table, deps=[last]))
    if c.chance(0.4) or "Export" in c.name:
        sorted_export(c, table, v, k, t, last)


@op("MutableHashTableOfTensors MutableHashTableOfTensorsV2", tol="exact")
def of_tensors(c):
    v = version(c)
    k, t = pair(c, PAIRS[:6])
    shape = [c.int(1, 3)]
    table = c.op("MutableHashTableOfTensors" + v, key_dtype=k, value_dtype=t, value_shape=shape)
    fill(c, table, v, k, t, shape)


@op("MutableDenseHashTableV2", tol="exact")
def dense(c):
    v = version(c)
    k, t = pair(c, [("int64", "float"), ("int64", "int64"), ("int32", "float"), ("string", "int64"),
                    ("int64", "double")])
    shape = [] if c.chance(0.5) else [2]
    empty, deleted = (b"e", b"d") if k == "string" else (-100, -101)
    table = c.op(c.name, c.feed(np.asarray(empty, object if k == "string" else None), k, const=1),
                 c.feed(np.asarray(deleted, object if k == "string" else None), k, const=1),
                 value_dtype=t, value_shape=shape, **c.attrs(initial_num_buckets=[None, 4, 16]))
    fill(c, table, v, k, t, shape)


@op("AnonymousHashTable AnonymousMutableHashTable AnonymousMutableHashTableOfTensors "
    "AnonymousMutableDenseHashTable", tol="exact")
def anonymous(c):
    k, t = "int64", c.choice(["float", "int64", "string"])
    if c.name == "AnonymousMutableDenseHashTable":
        t = "float"
    shape = [2] if c.name.endswith("OfTensors") else []
    more = {"value_shape": shape} if shape or "Dense" in c.name else {}
    args = [c.feed(np.int64(-1), k, const=1), c.feed(np.int64(-2), k, const=1)] if \
        "Dense" in c.name else []
    table = c.op(c.name, *args, value_dtype=t, **({} if args else {"key_dtype": k}), **more)
    if c.name == "AnonymousHashTable":
        keys = keys_of(c, k, 4)
        init = c.op("InitializeTableV2", table, c.feed(keys, k), c.draw(t, [4]))
        c.fetch(c.op("LookupTableFindV2", table, asked(c, keys, k), c.draw(t, []), deps=[init]))
    else:
        fill(c, table, "V2", k, t, shape)
