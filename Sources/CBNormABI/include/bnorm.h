/// bnorm from C: runs TensorFlow graphs without TensorFlow.
///
///     bnorm_model *model;
///     if (bnorm_model_load("graph.pb", NULL, &model) != BNORM_OK) puts(bnorm_last_error());
///
/// Every function that can fail gives a status; `bnorm_last_error` then says what is wrong. What a
/// function makes belongs to the caller, who gives it back with the matching `_release`. Releasing
/// NULL does nothing. Strings are UTF-8 and end with a zero byte.
#ifndef BNORM_H
#define BNORM_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef enum bnorm_status {
  BNORM_OK = 0,
  /// A file, a name, a tensor or an argument is wrong.
  BNORM_INVALID = 2,
  /// The graph needs what bnorm lacks.
  BNORM_UNSUPPORTED = 3,
} bnorm_status;

/// TensorFlow's numbers.
typedef enum bnorm_dtype {
  BNORM_FLOAT = 1,
  BNORM_DOUBLE = 2,
  BNORM_INT32 = 3,
  BNORM_UINT8 = 4,
  BNORM_INT16 = 5,
  BNORM_INT8 = 6,
  BNORM_STRING = 7,
  BNORM_COMPLEX64 = 8,
  BNORM_INT64 = 9,
  BNORM_BOOL = 10,
  BNORM_BFLOAT16 = 14,
  BNORM_UINT16 = 17,
  BNORM_COMPLEX128 = 18,
  BNORM_HALF = 19,
  BNORM_UINT32 = 22,
  BNORM_UINT64 = 23,
} bnorm_dtype;

typedef struct bnorm_model bnorm_model;
typedef struct bnorm_session bnorm_session;
typedef struct bnorm_tensor bnorm_tensor;

/// What went wrong in the last call of this thread that failed; valid until the next one.
const char *bnorm_last_error(void);

/// How many threads work on one run; by default all cores.
bnorm_status bnorm_set_threads(size_t count);

// MARK: Models

/// How a model is loaded; zeros are the defaults.
typedef struct bnorm_load_options {
  /// The signature whose inputs and outputs are meant; NULL for `serving_default` or the only one.
  const char *signature;
  /// The prefix of a checkpoint's files; NULL for the model's own.
  const char *checkpoint;
  /// Tags of a SavedModel's graph; none for `serve`.
  const char *const *tags;
  size_t tag_count;
} bnorm_load_options;

/// Loads a frozen graph (.pb, .pbtxt), a MetaGraph (.meta) or a SavedModel's folder.
bnorm_status bnorm_model_load(
    const char *path, const bnorm_load_options *options, bnorm_model **model);
void bnorm_model_release(bnorm_model *model);

/// The inputs: those of the signature, or else the graph's placeholders.
size_t bnorm_model_input_count(const bnorm_model *model);
/// NULL if there is no such input. The name lives as long as the model.
const char *bnorm_model_input_name(const bnorm_model *model, size_t index);
/// 0 if there is no such input.
bnorm_dtype bnorm_model_input_dtype(const bnorm_model *model, size_t index);
/// The number of dimensions, or -1 if it is not known.
int64_t bnorm_model_input_rank(const bnorm_model *model, size_t index);
/// One dimension, or -1 if it is not known.
int64_t bnorm_model_input_dim(const bnorm_model *model, size_t index, size_t axis);

/// The outputs: those of the signature, or else what nothing in the graph reads.
size_t bnorm_model_output_count(const bnorm_model *model);
const char *bnorm_model_output_name(const bnorm_model *model, size_t index);

// MARK: Tensors

/// A tensor with a copy of `data`, elements in row-major order.
bnorm_status bnorm_tensor_create(
    bnorm_dtype dtype, const int64_t *dims, size_t rank, const void *data, size_t byte_count,
    bnorm_tensor **tensor);
/// A tensor of byte strings; `lengths` may be NULL if each ends with a zero byte.
bnorm_status bnorm_tensor_create_strings(
    const int64_t *dims, size_t rank, const char *const *strings, const size_t *lengths,
    bnorm_tensor **tensor);
void bnorm_tensor_release(bnorm_tensor *tensor);

bnorm_dtype bnorm_tensor_dtype(const bnorm_tensor *tensor);
size_t bnorm_tensor_rank(const bnorm_tensor *tensor);
/// 0 if there is no such axis.
int64_t bnorm_tensor_dim(const bnorm_tensor *tensor, size_t axis);
size_t bnorm_tensor_element_count(const bnorm_tensor *tensor);
/// The elements, as long as the tensor lives; NULL for strings.
const void *bnorm_tensor_data(const bnorm_tensor *tensor);
size_t bnorm_tensor_byte_count(const bnorm_tensor *tensor);
/// One string, followed by a zero byte, as long as the tensor lives; NULL if there is none.
const char *bnorm_tensor_string(const bnorm_tensor *tensor, size_t index, size_t *length);

// MARK: Running

/// A session has variables, tables and random generators of its own. Several threads may run one
/// session at once.
bnorm_status bnorm_session_create(const bnorm_model *model, bnorm_session **session);
void bnorm_session_release(bnorm_session *session);

typedef struct bnorm_feed {
  /// An input's name, or that of any tensor: `node` or `node:port`.
  const char *name;
  const bnorm_tensor *value;
} bnorm_feed;

/// Runs one step, as TensorFlow 1's `Session.run`: computes `fetches` into `outputs`, which has room
/// for `fetch_count`, and runs the nodes `targets` for their effect. After a failure `outputs` are
/// NULL.
bnorm_status bnorm_session_run(
    bnorm_session *session, const bnorm_feed *feeds, size_t feed_count,
    const char *const *fetches, size_t fetch_count, const char *const *targets,
    size_t target_count, bnorm_tensor **outputs);

/// Writes the variables as a checkpoint that TensorFlow restores.
bnorm_status bnorm_session_save(bnorm_session *session, const char *prefix);

#ifdef __cplusplus
}
#endif
#endif
