// A library beside TensorFlow's, initialised before them: newer ones log through Abseil while they load, which does
// not read TF_CPP_MIN_LOG_LEVEL by itself, and so would greet every user with their configuration. The symbol is
// found in libtensorflow_framework when the binding loads them together.
#include <cstdlib>

#include "absl/log/globals.h"

__attribute__((constructor)) static void quiet() {
  const char *level = std::getenv("TF_CPP_MIN_LOG_LEVEL");
  if (level) absl::SetMinLogLevel(static_cast<absl::LogSeverityAtLeast>(std::atoi(level)));
}
