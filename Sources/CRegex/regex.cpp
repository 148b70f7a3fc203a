#include "regex.h"

#include <re2/re2.h>

#include <cstdlib>
#include <cstring>
#include <string>

struct bnorm_regex {
  re2::RE2 re;
  explicit bnorm_regex(const re2::StringPiece &pattern) : re(pattern, re2::RE2::Quiet) {}
};

static char *copy(const std::string &text) {
  char *out = static_cast<char *>(std::malloc(text.size() + 1));
  if (!out) std::abort();
  std::memcpy(out, text.data(), text.size());
  out[text.size()] = 0;
  return out;
}

extern "C" {

bnorm_regex *bnorm_regex_compile(const char *pattern, size_t length, char **error) {
  auto *regex = new bnorm_regex(re2::StringPiece(pattern, length));
  if (regex->re.ok()) return regex;
  *error = copy(regex->re.error());
  delete regex;
  return nullptr;
}

void bnorm_regex_free(bnorm_regex *regex) { delete regex; }

int bnorm_regex_full_match(const bnorm_regex *regex, const char *text, size_t length) {
  return re2::RE2::FullMatch(re2::StringPiece(text, length), regex->re);
}

char *bnorm_regex_replace(const bnorm_regex *regex, const char *text, size_t length,
                          const char *rewrite, size_t rewrite_length, int all,
                          size_t *out_length) {
  std::string value(text, length);
  re2::StringPiece by(rewrite, rewrite_length);
  if (all)
    re2::RE2::GlobalReplace(&value, regex->re, by);
  else
    re2::RE2::Replace(&value, regex->re, by);
  *out_length = value.size();
  return copy(value);
}

int bnorm_regex_check_rewrite(const bnorm_regex *regex, const char *rewrite, size_t length,
                              char **error) {
  std::string why;
  if (regex->re.CheckRewriteString(re2::StringPiece(rewrite, length), &why)) return 1;
  *error = copy(why);
  return 0;
}

void bnorm_regex_free_text(char *text) { std::free(text); }
}
