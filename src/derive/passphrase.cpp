#include "derive/passphrase.h"

#include <fcntl.h>
#include <poll.h>
#include <termios.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <string>

namespace permcrypt {
namespace {

constexpr std::size_t kMaxSize = 1024;
constexpr const char* kVariable = "PERMCRYPT_PASSPHRASE";

tl::unexpected<Error> too_long() {
  return fail(ErrorKind::kKey, "the passphrase is longer than 1024 bytes", "choose a shorter one");
}

// Byte by byte, so that what follows the line stays for whoever reads the descriptor next.
// `may_read` is asked before each read.
template <class MayRead>
Result<GuardedBuffer> read_line(int fd, MayRead may_read) {
  GuardedBuffer line(kMaxSize + 1);
  while (true) {
    if (!may_read())
      return fail(ErrorKind::kKey, "the passphrase was not typed to its end",
                  "run the command again");
    const ssize_t got = read(fd, line.data() + line.size(), 1);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) {
      return fail(ErrorKind::kKey,
                  "cannot read the passphrase: " + std::string(std::strerror(errno)),
                  "give --passphrase-fd a descriptor that is open for reading");
    }
    if (got == 0 || line.data()[line.size()] == '\n') break;
    line.resize(line.size() + 1);
    if (line.size() > kMaxSize) {
      return too_long();
    }
  }
  if (line.view().ends_with('\r')) line.resize(line.size() - 1);
  return line;
}

// The terminal of the process with its echo off. Signals that would end the process with the echo
// still off are held back as long as this object lives.
class QuietTerminal {
 public:
  QuietTerminal() : fd_(open("/dev/tty", O_RDWR | O_NOCTTY | O_CLOEXEC)) {
    sigemptyset(&held_);
    for (int signal : {SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGTSTP}) sigaddset(&held_, signal);
    if (fd_ < 0 || tcgetattr(fd_, &saved_) != 0) return;
    pthread_sigmask(SIG_BLOCK, &held_, &saved_mask_);
    termios quiet = saved_;
    quiet.c_lflag &= ~static_cast<tcflag_t>(ECHO | ECHONL);
    is_quiet_ = tcsetattr(fd_, TCSAFLUSH, &quiet) == 0;
    if (!is_quiet_) pthread_sigmask(SIG_SETMASK, &saved_mask_, nullptr);
  }

  ~QuietTerminal() {
    if (is_quiet_) {
      tcsetattr(fd_, TCSAFLUSH, &saved_);
      pthread_sigmask(SIG_SETMASK, &saved_mask_, nullptr);  // delivers what was held back
    }
    if (fd_ >= 0) close(fd_);
  }

  QuietTerminal(const QuietTerminal&) = delete;
  QuietTerminal& operator=(const QuietTerminal&) = delete;

  bool is_quiet() const { return is_quiet_; }

  Result<GuardedBuffer> ask(std::string_view question) {
    show(question);
    Result<GuardedBuffer> line = read_line(fd_, [this] { return wait(); });
    show("\n");
    return line;
  }

 private:
  void show(std::string_view text) {
    [[maybe_unused]] const ssize_t written = write(fd_, text.data(), text.size());
  }

  // True when there is something to read; false when a signal wants to end or stop the process.
  bool wait() {
    constexpr int kMilliseconds = 100;
    while (true) {
      pollfd terminal{fd_, POLLIN, 0};
      if (poll(&terminal, 1, kMilliseconds) > 0) return true;
      sigset_t pending;
      sigpending(&pending);
      for (int signal : {SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGTSTP}) {
        if (sigismember(&pending, signal)) return false;
      }
    }
  }

  int fd_;
  bool is_quiet_ = false;
  termios saved_{};
  sigset_t held_{}, saved_mask_{};
};

Result<GuardedBuffer> ask_terminal(Prompt prompt) {
  QuietTerminal terminal;
  if (!terminal.is_quiet()) {
    return fail(ErrorKind::kKey, "there is no terminal to ask for the passphrase",
                std::string("use --passphrase-fd, or set ") + kVariable);
  }
  Result<GuardedBuffer> first = terminal.ask("Passphrase: ");
  if (!first || prompt == Prompt::kOpen) return first;
  const Result<GuardedBuffer> second = terminal.ask("The same again: ");
  if (!second) return fail(second.error());
  if (first->view() != second->view()) {
    return fail(ErrorKind::kKey, "the two passphrases differ", "run the command again");
  }
  return first;
}

Result<GuardedBuffer> from_environment(std::string_view value) {
  if (value.size() > kMaxSize) {
    return too_long();
  }
  GuardedBuffer line(kMaxSize);
  std::memcpy(line.data(), value.data(), value.size());
  line.resize(value.size());
  return line;
}

Result<GuardedBuffer> read_any(std::optional<int> fd, Prompt prompt) {
  if (fd) return read_line(*fd, [] { return true; });
  if (const char* value = std::getenv(kVariable)) return from_environment(value);
  return ask_terminal(prompt);
}

}  // namespace

Result<GuardedBuffer> read_passphrase(std::optional<int> fd, Prompt prompt) {
  Result<GuardedBuffer> line = read_any(fd, prompt);
  if (line && line->size() == 0)
    return fail(ErrorKind::kKey, "the passphrase is empty", "choose one that is not");
  return line;
}

}  // namespace permcrypt
