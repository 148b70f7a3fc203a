// A template: the Fortran routines of LAPACK that are used, for one element type. Character
// arguments have their length passed after all others.

typedef size_t fortran_length;

void LAPACK(geqrf)(
    const int *m, const int *n, T *a, const int *lda, T *tau, T *work, const int *lwork, int *info);
#if IS_COMPLEX
#define ORGQR LAPACK(ungqr)
#define SYEVD LAPACK(heevd)
#else
#define ORGQR LAPACK(orgqr)
#define SYEVD LAPACK(syevd)
#endif
void ORGQR(
    const int *m, const int *n, const int *k, T *a, const int *lda, const T *tau, T *work,
    const int *lwork, int *info);

#if IS_COMPLEX
void LAPACK(gesdd)(
    const char *jobz, const int *m, const int *n, T *a, const int *lda, R *s, T *u, const int *ldu,
    T *vt, const int *ldvt, T *work, const int *lwork, R *rwork, int *iwork, int *info,
    fortran_length);
void LAPACK(heevd)(
    const char *jobz, const char *uplo, const int *n, T *a, const int *lda, R *w, T *work,
    const int *lwork, R *rwork, const int *lrwork, int *iwork, const int *liwork, int *info,
    fortran_length, fortran_length);
void LAPACK(geev)(
    const char *jobvl, const char *jobvr, const int *n, T *a, const int *lda, T *w, T *vl,
    const int *ldvl, T *vr, const int *ldvr, T *work, const int *lwork, R *rwork, int *info,
    fortran_length, fortran_length);
void LAPACK(gelsy)(
    const int *m, const int *n, const int *nrhs, T *a, const int *lda, T *b, const int *ldb,
    int *jpvt, const R *rcond, int *rank, T *work, const int *lwork, R *rwork, int *info);
void LAPACK(gees)(
    const char *jobvs, const char *sort, void *select, const int *n, T *a, const int *lda,
    int *sdim, T *w, T *vs, const int *ldvs, T *work, const int *lwork, R *rwork, int *bwork,
    int *info, fortran_length, fortran_length);
#else
void LAPACK(gesdd)(
    const char *jobz, const int *m, const int *n, T *a, const int *lda, R *s, T *u, const int *ldu,
    T *vt, const int *ldvt, T *work, const int *lwork, int *iwork, int *info, fortran_length);
void LAPACK(syevd)(
    const char *jobz, const char *uplo, const int *n, T *a, const int *lda, R *w, T *work,
    const int *lwork, int *iwork, const int *liwork, int *info, fortran_length, fortran_length);
void LAPACK(geev)(
    const char *jobvl, const char *jobvr, const int *n, T *a, const int *lda, R *wr, R *wi, T *vl,
    const int *ldvl, T *vr, const int *ldvr, T *work, const int *lwork, int *info, fortran_length,
    fortran_length);
void LAPACK(gelsy)(
    const int *m, const int *n, const int *nrhs, T *a, const int *lda, T *b, const int *ldb,
    int *jpvt, const R *rcond, int *rank, T *work, const int *lwork, int *info);
#endif
