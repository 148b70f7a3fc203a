/* Counts heap allocations of the process. */
#ifndef ALLOCATION_COUNTER_H
#define ALLOCATION_COUNTER_H

/* The number of allocations that all threads have made so far. */
unsigned long bnorm_test_allocations(void);

#endif
