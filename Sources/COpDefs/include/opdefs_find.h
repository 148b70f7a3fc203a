/* Look-up in the table of op signatures. */
#ifndef BNORM_OPDEFS_FIND_H
#define BNORM_OPDEFS_FIND_H

/* The signature of the op `name`, or NULL when TensorFlow's registry has no such op. */
const char *bnorm_opdef_find(const char *name);

#endif
