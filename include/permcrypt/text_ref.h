// A text that somebody else keeps: graphs have hundreds of thousands of names, and each is in the
// model already. As large as a pointer.
#pragma once

#include <string>
#include <string_view>

namespace permcrypt {

class TextRef {
 public:
  TextRef() = default;  // of ""
  // REQUIRES: `kept` stays where it is for as long as the text is looked at.
  explicit TextRef(const std::string& kept) : text_(&kept) {}
  explicit TextRef(std::string&&) = delete;

  const std::string& str() const { return *text_; }
  operator const std::string&() const { return *text_; }
  operator std::string_view() const { return *text_; }
  bool empty() const { return text_->empty(); }
  bool starts_with(std::string_view prefix) const { return text_->starts_with(prefix); }

  friend bool operator==(TextRef x, TextRef y) { return *x.text_ == *y.text_; }
  friend bool operator==(TextRef x, std::string_view y) { return *x.text_ == y; }
  friend std::string operator+(TextRef x, std::string_view y) { return *x.text_ + std::string(y); }
  friend std::string operator+(std::string_view x, TextRef y) { return std::string(x) + *y.text_; }

 private:
  static inline const std::string kEmpty;
  const std::string* text_ = &kEmpty;
};

}  // namespace permcrypt
