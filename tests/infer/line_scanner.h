// Reads a line of text from left to right, blanks aside.
#pragma once

#include <algorithm>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace permcrypt::testing {

class Scanner {
 public:
  explicit Scanner(std::string text) : owned_(std::move(text)), text_(owned_) {}
  Scanner(const Scanner&) = delete;
  Scanner& operator=(const Scanner&) = delete;

  bool done() {
    skip_spaces();
    return text_.empty();
  }
  bool next_is(char c) {
    skip_spaces();
    return !text_.empty() && text_.front() == c;
  }
  bool accept(char c) {
    const bool yes = next_is(c);
    if (yes) text_.remove_prefix(1);
    return yes;
  }
  // Throws std::invalid_argument when something else is next.
  void expect(char c) {
    if (!accept(c))
      throw std::invalid_argument("expected " + std::string(1, c) + " at " + std::string(text_));
  }
  // Up to one of the given characters.
  std::string until(std::string_view stops) {
    skip_spaces();
    const std::size_t n = std::min(text_.find_first_of(stops), text_.size());
    std::string word(text_.substr(0, n));
    text_.remove_prefix(n);
    while (!word.empty() && word.back() == ' ') word.pop_back();
    return word;
  }

 private:
  void skip_spaces() {
    while (!text_.empty() && text_.front() == ' ') text_.remove_prefix(1);
  }
  std::string owned_;
  std::string_view text_;  // what is left of it
};

// Numbers in brackets, separated by commas.
inline std::vector<std::string> bracketed(Scanner& s, char open, char close) {
  std::vector<std::string> out;
  s.expect(open);
  while (!s.accept(close)) {
    out.push_back(s.until(std::string(",") + close));
    s.accept(',');
  }
  return out;
}

}  // namespace permcrypt::testing
