// What src/measure/harness.ts is for JavaScript: reads the job, times calls, says it in JSON. See there.
#pragma once
#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <fstream>
#include <functional>
#include <map>
#include <sstream>
#include <string>
#include <vector>

using Words = std::map<std::string, std::string>;

inline Words read_words(int argc, char** argv) {
  Words words;
  for (int i = 1; i < argc; i++) {
    const std::string word = argv[i];
    const size_t at = word.find('=');
    words[word.substr(0, at)] = word.substr(at + 1);
  }
  return words;
}

// Named numbers and arrays, as writeInput of src/inputs/inputs.ts wrote them; arrays in the number type T.
template <class T>
struct Input {
  std::map<std::string, double> numbers;
  std::map<std::string, std::vector<T>> arrays;

  explicit Input(const std::string& path) {
    std::ifstream data(path + ".f64", std::ios::binary), text(path + ".txt");
    std::string line;
    while (std::getline(text, line)) {
      std::istringstream words(line);
      std::string kind, name;
      words >> kind >> name;
      if (kind == "number") {
        words >> numbers[name];
        continue;
      }
      size_t offset, size = 1, extent;
      words >> offset;
      while (words >> extent) size *= extent;
      std::vector<double> values(size);
      data.seekg((std::streamoff)(offset * sizeof(double)));
      data.read((char*)values.data(), (std::streamsize)(size * sizeof(double)));
      arrays[name].assign(values.begin(), values.end());
    }
  }
  int n() const { return (int)numbers.at("n"); }
};

inline double now_us() {
  return std::chrono::duration<double, std::micro>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

inline volatile double sink;

// Runs `call`, which fills `result`, as the job says.
template <class T>
void run(const Words& job, const std::string& idiom, const std::vector<T>& result, const std::function<void()>& call) {
  if (job.at("mode") == "time" && job.at("idiom") != idiom) return;
  const auto number = [&](const char* name) { return std::stod(job.at(name)) * 1000; };
  double start = now_us();
  call();
  const double first = now_us() - start;
  double estimate = 0;
  start = now_us();
  for (int calls = 0; calls < 2 || now_us() - start < number("warm"); calls++) {
    const double before = now_us();
    call();
    const double elapsed = now_us() - before;
    estimate = calls < 2 ? elapsed : estimate * 0.7 + elapsed * 0.3;
  }
  const long inner = std::max(1L, (long)std::llround(number("batch") / std::max(estimate, 0.01)));
  const long affordable = (long)(number("limit") / (inner * estimate));
  const long batches = std::max(1L, std::min(std::stol(job.at("batches")), affordable));
  std::ostringstream times;
  for (long b = 0; b < batches; b++) {
    start = now_us();
    for (long i = 0; i < inner; i++) {
      call();
      sink = result[i % result.size()];
    }
    times << (b ? "," : "") << (now_us() - start) / inner;
  }
  if (job.at("mode") == "check") {
    const std::vector<double> values(result.begin(), result.end());
    std::ofstream(job.at("result") + "." + idiom, std::ios::binary)
        .write((const char*)values.data(), (std::streamsize)(values.size() * sizeof(double)));
  }
  std::printf("{\"idiom\":\"%s\",\"dtype\":\"%s\",\"version\":\"%s\",\"first\":%g,\"times\":[%s]}\n", idiom.c_str(),
              job.at("dtype").c_str(), __VERSION__, first / 1000, times.str().c_str());
}
