#include "user.h"

#include <bnorm.h>
#include <math.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>

#define CHECK(condition)                                                   \
  do {                                                                     \
    if (!(condition)) {                                                    \
      fprintf(stderr, "%s: %s\n", #condition, bnorm_last_error());         \
      return __LINE__;                                                     \
    }                                                                      \
  } while (0)

static int run(bnorm_session *session, const float *input, const float *expected) {
  const int64_t dims[4] = {4, 28, 28, 1};
  bnorm_tensor *x, *y;
  CHECK(!bnorm_tensor_create(BNORM_FLOAT, dims, 4, input, 4 * 28 * 28 * sizeof(float), &x));
  const bnorm_feed feed = {"x", x};
  const char *fetch = "Identity";
  CHECK(!bnorm_session_run(session, &feed, 1, &fetch, 1, NULL, 0, &y));
  CHECK(bnorm_tensor_dtype(y) == BNORM_FLOAT);
  CHECK(bnorm_tensor_rank(y) == 2 && bnorm_tensor_dim(y, 0) == 4 && bnorm_tensor_dim(y, 1) == 10);
  CHECK(bnorm_tensor_element_count(y) == 40 && bnorm_tensor_byte_count(y) == 160);
  const float *values = bnorm_tensor_data(y);
  for (int i = 0; i < 40; i++) CHECK(fabsf(values[i] - expected[i]) < 1e-5f);
  bnorm_tensor_release(x);
  bnorm_tensor_release(y);
  return 0;
}

int bnorm_user_runs(const char *graph, const float *input, const float *expected) {
  bnorm_model *model;
  bnorm_session *session;
  CHECK(!bnorm_set_threads(2));
  CHECK(!bnorm_model_load(graph, NULL, &model));
  CHECK(bnorm_model_input_count(model) == 1 && !strcmp(bnorm_model_input_name(model, 0), "x"));
  CHECK(bnorm_model_input_dtype(model, 0) == BNORM_FLOAT && bnorm_model_input_rank(model, 0) == 4);
  CHECK(bnorm_model_input_dim(model, 0, 0) == -1 && bnorm_model_input_dim(model, 0, 1) == 28);
  CHECK(bnorm_model_output_count(model) == 1);
  CHECK(!strcmp(bnorm_model_output_name(model, 0), "Identity"));
  CHECK(!bnorm_model_output_name(model, 1) && !bnorm_model_input_name(model, 9));
  CHECK(!bnorm_session_create(model, &session));
  // A session outlives the model's handle.
  bnorm_model_release(model);
  for (int i = 0; i < 3; i++) {
    int line = run(session, input, expected);
    if (line) return line;
  }
  bnorm_session_release(session);
  return 0;
}

int bnorm_user_errs(const char *graph) {
  bnorm_model *model = NULL;
  bnorm_session *session;
  CHECK(bnorm_model_load("missing.pb", NULL, &model) == BNORM_INVALID && !model);
  CHECK(strstr(bnorm_last_error(), "missing.pb"));
  CHECK(bnorm_model_load(NULL, NULL, &model) == BNORM_INVALID);
  bnorm_load_options options = {.signature = "other"};
  CHECK(bnorm_model_load(graph, &options, &model) == BNORM_INVALID);
  CHECK(strstr(bnorm_last_error(), "other"));
  CHECK(!bnorm_model_load(graph, NULL, &model) && !bnorm_session_create(model, &session));
  const int64_t dims[2] = {2, 3};
  const float values[6] = {0};
  bnorm_tensor *x, *y;
  CHECK(bnorm_tensor_create(BNORM_FLOAT, dims, 2, values, 20, &x) == BNORM_INVALID && !x);
  CHECK(bnorm_tensor_create(BNORM_STRING, dims, 2, values, 24, &x) == BNORM_INVALID);
  CHECK(bnorm_tensor_create(99, dims, 2, values, 24, &x) == BNORM_INVALID);
  const int64_t wrong[2] = {-1, INT64_MAX};
  CHECK(bnorm_tensor_create(BNORM_FLOAT, wrong, 2, values, 24, &x) == BNORM_INVALID);
  CHECK(!bnorm_tensor_create(BNORM_FLOAT, dims, 2, values, 24, &x));
  const bnorm_feed feed = {"x", x};
  const char *fetch = "Identity", *nothing = "Identiti";
  CHECK(bnorm_session_run(session, &feed, 1, &fetch, 1, NULL, 0, &y) == BNORM_INVALID && !y);
  CHECK(strstr(bnorm_last_error(), "[2,3]"));
  CHECK(bnorm_session_run(session, &feed, 1, &nothing, 1, NULL, 0, &y) == BNORM_INVALID);
  CHECK(strstr(bnorm_last_error(), "Identiti"));
  CHECK(bnorm_session_run(session, NULL, 1, &fetch, 1, NULL, 0, &y) == BNORM_INVALID);
  CHECK(bnorm_session_run(NULL, &feed, 1, &fetch, 1, NULL, 0, &y) == BNORM_INVALID);
  CHECK(bnorm_session_save(session, "/nowhere/at/all") == BNORM_INVALID);
  CHECK(bnorm_set_threads(0) == BNORM_INVALID);
  CHECK(!bnorm_tensor_string(x, 0, NULL));
  bnorm_tensor_release(x);
  bnorm_session_release(session);
  bnorm_model_release(model);
  bnorm_model_release(NULL);
  return 0;
}

typedef struct job {
  bnorm_session *session;
  const float *input, *expected;
  int line;
} job;

static void *work(void *argument) {
  job *j = argument;
  for (int i = 0; i < 5 && !j->line; i++) j->line = run(j->session, j->input, j->expected);
  return NULL;
}

int bnorm_user_threads(const char *graph, const float *input, const float *expected) {
  bnorm_model *model;
  bnorm_session *session;
  CHECK(!bnorm_model_load(graph, NULL, &model) && !bnorm_session_create(model, &session));
  job jobs[4];
  pthread_t threads[4];
  for (int i = 0; i < 4; i++) {
    jobs[i] = (job){session, input, expected, 0};
    CHECK(!pthread_create(&threads[i], NULL, work, &jobs[i]));
  }
  for (int i = 0; i < 4; i++) pthread_join(threads[i], NULL);
  for (int i = 0; i < 4; i++) if (jobs[i].line) return jobs[i].line;
  bnorm_session_release(session);
  bnorm_model_release(model);
  return 0;
}

int bnorm_user_trains(const char *graph, const char *prefix) {
  bnorm_model *model;
  bnorm_session *session;
  CHECK(!bnorm_model_load(graph, NULL, &model) && !bnorm_session_create(model, &session));
  float data[48] = {1, 2, 3}, label[8] = {1, 0, 1};
  const int64_t dims[2] = {8, 6}, label_dims[2] = {8, 1};
  bnorm_tensor *x, *y, *loss;
  CHECK(!bnorm_tensor_create(BNORM_FLOAT, dims, 2, data, sizeof data, &x));
  CHECK(!bnorm_tensor_create(BNORM_FLOAT, label_dims, 2, label, sizeof label, &y));
  const bnorm_feed feeds[2] = {{"x", x}, {"y", y}};
  const char *fetch = "loss_value", *target = "train_step";
  float losses[20];
  for (int i = 0; i < 20; i++) {
    CHECK(!bnorm_session_run(session, feeds, 2, &fetch, 1, &target, 1, &loss));
    losses[i] = *(const float *)bnorm_tensor_data(loss);
    bnorm_tensor_release(loss);
  }
  CHECK(losses[19] < losses[0]);
  CHECK(!bnorm_session_save(session, prefix));
  bnorm_session_release(session);
  bnorm_model_release(model);
  const bnorm_load_options options = {.checkpoint = prefix};
  CHECK(!bnorm_model_load(graph, &options, &model) && !bnorm_session_create(model, &session));
  CHECK(!bnorm_session_run(session, feeds, 2, &fetch, 1, NULL, 0, &loss));
  CHECK(*(const float *)bnorm_tensor_data(loss) < losses[0]);
  bnorm_tensor_release(loss);
  bnorm_tensor_release(x);
  bnorm_tensor_release(y);
  bnorm_session_release(session);
  bnorm_model_release(model);
  return 0;
}

int bnorm_user_strings(void) {
  const char *strings[2] = {"one", "t\0wo"};
  const size_t lengths[2] = {3, 4};
  const int64_t dims[1] = {2};
  bnorm_tensor *tensor;
  size_t length;
  CHECK(!bnorm_tensor_create_strings(dims, 1, strings, lengths, &tensor));
  CHECK(bnorm_tensor_dtype(tensor) == BNORM_STRING && !bnorm_tensor_data(tensor));
  CHECK(!memcmp(bnorm_tensor_string(tensor, 1, &length), "t\0wo", 5) && length == 4);
  CHECK(!bnorm_tensor_string(tensor, 2, &length));
  bnorm_tensor_release(tensor);
  CHECK(!bnorm_tensor_create_strings(NULL, 0, strings, NULL, &tensor));
  CHECK(!strcmp(bnorm_tensor_string(tensor, 0, NULL), "one"));
  bnorm_tensor_release(tensor);
  return 0;
}
