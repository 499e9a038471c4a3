// Runs a fuzzer's entry point over every file of the folders named as arguments, in the order of
// their names, so that the corpus is an ordinary test where there is no libFuzzer. Each input is
// copied into a buffer of exactly its size: a sanitizer sees a read past its end.
//
// Exit: 0 all inputs ran; 1 a folder is missing, empty or unreadable. What an input violates ends
// the process in the entry point itself.
#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <optional>
#include <string>
#include <system_error>
#include <vector>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size);

namespace {

std::vector<std::filesystem::path> files_in(const std::filesystem::path& folder) {
  std::vector<std::filesystem::path> files;
  std::error_code error;
  for (std::filesystem::directory_iterator entry(folder, error), end; entry != end;
       entry.increment(error)) {
    if (entry->is_regular_file(error)) files.push_back(entry->path());
  }
  std::sort(files.begin(), files.end());
  return files;
}

std::optional<std::vector<std::uint8_t>> read_whole(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) return std::nullopt;
  return std::vector<std::uint8_t>(std::istreambuf_iterator<char>(file), {});
}

// How many inputs ran; absent if there was none or one could not be read.
std::optional<std::size_t> replay(const std::filesystem::path& folder) {
  const std::vector<std::filesystem::path> files = files_in(folder);
  for (const std::filesystem::path& file : files) {
    const auto input = read_whole(file);
    if (!input) {
      std::fprintf(stderr, "%s: cannot be read\n", file.string().c_str());
      return std::nullopt;
    }
    std::printf("%s: %zu bytes\n", file.filename().string().c_str(), input->size());
    std::fflush(stdout);  // names the culprit if the next line ends the process
    LLVMFuzzerTestOneInput(input->data(), input->size());
  }
  if (files.empty()) {
    std::fprintf(stderr, "%s: no inputs\n", folder.string().c_str());
    return std::nullopt;
  }
  return files.size();
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 2) {
    std::fprintf(stderr, "usage: %s CORPUS_FOLDER...\n", argv[0]);
    return 1;
  }
  std::size_t inputs = 0;
  for (int i = 1; i < argc; ++i) {
    const auto ran = replay(argv[i]);
    if (!ran) return 1;
    inputs += *ran;
  }
  std::printf("%zu inputs\n", inputs);
  return 0;
}
