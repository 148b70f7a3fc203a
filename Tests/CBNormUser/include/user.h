#ifndef USER_H
#define USER_H

/// Runs a model as a program in C does. 0 if all is as it should be, else the line that failed.
int bnorm_user_runs(const char *graph, const float *input, const float *expected);
/// Makes mistakes; each must be reported.
int bnorm_user_errs(const char *graph);
/// Runs one session from several threads.
int bnorm_user_threads(const char *graph, const float *input, const float *expected);
/// Trains two steps of a MetaGraph and saves.
int bnorm_user_trains(const char *graph, const char *prefix);
/// Strings there and back.
int bnorm_user_strings(void);

#endif
