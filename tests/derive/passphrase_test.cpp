#include "derive/passphrase.h"

#include <doctest/doctest.h>
#include <pty.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

#include <csignal>
#include <cstdlib>
#include <string>
#include <vector>

using namespace permcrypt;

namespace {

// Containers and chroots may have none.
bool has_terminals() {
  int main_end = -1, other_end = -1;
  if (openpty(&main_end, &other_end, nullptr, nullptr, nullptr) != 0) return false;
  close(main_end);
  close(other_end);
  return true;
}

// A process that reads a passphrase from a terminal at which this test types.
class Typing {
 public:
  explicit Typing(Prompt prompt) {
    REQUIRE(pipe(result_) == 0);
    child_ = forkpty(&terminal_, nullptr, nullptr, nullptr);
    REQUIRE(child_ >= 0);
    if (child_ == 0) answer(prompt);
    close(result_[1]);
  }

  ~Typing() {
    if (child_ > 0) kill(child_, SIGKILL), waitpid(child_, nullptr, 0);
    close(terminal_);
    close(result_[0]);
  }

  // Waits until the screen ends in `question`, then types. What is typed before that is discarded.
  void answer_to(const std::string& question, const std::string& text) {
    char c;
    while (!screen_.ends_with(question) && read(terminal_, &c, 1) == 1) screen_ += c;
    REQUIRE(screen_.ends_with(question));
    REQUIRE(write(terminal_, text.data(), text.size()) == static_cast<ssize_t>(text.size()));
  }

  // The passphrase, or "error: ..."; "" when the process was killed.
  std::string result() {
    std::string text;
    char c;
    while (read(result_[0], &c, 1) == 1) text += c;
    return text;
  }

  bool echoes() const {
    termios settings;
    REQUIRE(tcgetattr(terminal_, &settings) == 0);
    return (settings.c_lflag & ECHO) != 0;
  }

  int wait() {
    int status = 0;
    waitpid(child_, &status, 0);
    child_ = -1;
    return status;
  }

  std::string screen() {
    char c;
    while (read(terminal_, &c, 1) == 1) screen_ += c;
    return screen_;
  }

 private:
  [[noreturn]] void answer(Prompt prompt) {
    unsetenv("PERMCRYPT_PASSPHRASE");
    const Result<GuardedBuffer> typed = read_passphrase({}, prompt);
    const std::string text = typed ? std::string(typed->view()) : "error: " + typed.error().message;
    _exit(write(result_[1], text.data(), text.size()) == static_cast<ssize_t>(text.size()) ? 0 : 1);
  }

  pid_t child_ = -1;
  int terminal_ = -1;
  int result_[2];
  std::string screen_;
};

}  // namespace

TEST_CASE("passphrase: typed unseen" * doctest::skip(!has_terminals())) {
  Typing typing(Prompt::kOpen);
  typing.answer_to("Passphrase: ", "open sesame\n");
  CHECK(typing.result() == "open sesame");
  CHECK(typing.echoes());
  CHECK(typing.screen() == "Passphrase: \r\n");
}

TEST_CASE("passphrase: typed twice to seal" * doctest::skip(!has_terminals())) {
  Typing same(Prompt::kSeal);
  same.answer_to("Passphrase: ", "open sesame\n");
  same.answer_to("The same again: ", "open sesame\n");
  CHECK(same.result() == "open sesame");

  Typing different(Prompt::kSeal);
  different.answer_to("Passphrase: ", "open sesame\n");
  different.answer_to("The same again: ", "open sesami\n");
  CHECK(different.result() == "error: the two passphrases differ");
}

TEST_CASE("passphrase: nothing typed is none" * doctest::skip(!has_terminals())) {
  Typing typing(Prompt::kOpen);
  typing.answer_to("Passphrase: ", "\n");
  CHECK(typing.result() == "error: the passphrase is empty");
}

TEST_CASE("passphrase: an interrupt ends the process, and the echo is back" *
          doctest::skip(!has_terminals())) {
  Typing typing(Prompt::kOpen);
  typing.answer_to("Passphrase: ", "half\x03");
  CHECK(typing.result() == "");
  CHECK(typing.echoes());
  const int status = typing.wait();
  CHECK(WIFSIGNALED(status));
  CHECK(WTERMSIG(status) == SIGINT);
}
