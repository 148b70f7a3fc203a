"""What `bench` can measure, by name: modules with measure(options) and text(results, options)."""
import batch_norm
import network_table
import op_table
import scaling
import startup

SECTIONS = {"networks": network_table, "startup": startup, "scaling": scaling, "ops": op_table,
            "batchnorm": batch_norm}
