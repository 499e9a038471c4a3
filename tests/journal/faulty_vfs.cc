// The shim: each open file is a small struct with SQLite's methods, followed by the real file.
#include "tests/journal/faulty_vfs.h"

#include <atomic>
#include <chrono>
#include <cstring>
#include <fstream>
#include <iterator>
#include <map>
#include <mutex>
#include <new>
#include <random>
#include <sqlite3.h>
#include <thread>
#include <utility>
#include <vector>

namespace throttle::journal {

namespace {

struct Plan {
  std::atomic<std::uint64_t> calls{0};
  std::atomic<std::uint64_t> nth{0};
  std::atomic<std::uint64_t> failures{0};
  std::atomic<FaultyVfs::Fault> fault{FaultyVfs::Fault::kFull};
  std::atomic<bool> for_ever{false};
  std::atomic<bool> stuck{false};
};

// A file as it is on the disk, and what was done to it since.
struct Change {
  sqlite3_int64 offset = 0;  // of a write; the new size of a truncation
  std::string bytes;
  bool truncates = false;
};
struct Noted {
  std::string synced;
  bool was_synced = false;  // before, there may be no such file
  std::vector<Change> changes;
};
struct Notes {
  std::mutex mutex;
  bool on = false;
  std::map<std::string, Noted> files;
};

Notes& notes() {
  static Notes the_notes;
  return the_notes;
}

void apply(std::string& content, const Change& change) {
  const auto offset = static_cast<std::size_t>(change.offset);
  if (change.truncates) {
    content.resize(offset);
    return;
  }
  if (content.size() < offset + change.bytes.size()) content.resize(offset + change.bytes.size());
  content.replace(offset, change.bytes.size(), change.bytes);
}

void note(const std::string& path, Change change) {
  const std::lock_guard lock(notes().mutex);
  if (notes().on) notes().files[path].changes.push_back(std::move(change));
}

// A file that is opened is on the disk as it is.
void note_open(const std::string& path) {
  const std::lock_guard lock(notes().mutex);
  if (!notes().on || notes().files.contains(path)) return;
  std::ifstream file(path, std::ios::binary);
  std::string content((std::istreambuf_iterator<char>(file)), {});
  if (content.empty()) return;
  notes().files[path] = {.synced = std::move(content), .was_synced = true, .changes = {}};
}

void note_sync(const std::string& path) {
  const std::lock_guard lock(notes().mutex);
  if (!notes().on) return;
  Noted& file = notes().files[path];
  for (const Change& change : file.changes)
    apply(file.synced, change);
  file.changes.clear();
  file.was_synced = true;
}

Plan& plan() {
  static Plan the_plan;
  return the_plan;
}

// SQLITE_OK, or what this call returns instead of being done. `io_error` is what an I/O error of
// this kind of call is called.
int next_call(int io_error) {
  Plan& p = plan();
  const std::uint64_t call = ++p.calls;
  const std::uint64_t nth = p.nth;
  if (nth == 0 || call < nth || (call > nth && !p.for_ever)) return SQLITE_OK;
  ++p.failures;
  if (p.fault == FaultyVfs::Fault::kStuck) {
    p.stuck = true;
    while (p.nth != 0)
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
    p.stuck = false;
    return SQLITE_OK;
  }
  switch (p.fault.load()) {
    case FaultyVfs::Fault::kFull:
      return SQLITE_FULL;
    case FaultyVfs::Fault::kIoError:
      return io_error;
    case FaultyVfs::Fault::kBusy:
      return SQLITE_BUSY;
    case FaultyVfs::Fault::kStuck:
      break;
  }
  return SQLITE_OK;
}

sqlite3_vfs* real_vfs() {
  static sqlite3_vfs* const kReal = sqlite3_vfs_find(nullptr);
  return kReal;
}

struct File {
  sqlite3_file base;
  sqlite3_file* real;
  std::string* path;  // null: a file without a name
};

const std::string* path_of(sqlite3_file* file) {
  return reinterpret_cast<File*>(file)->path;
}

sqlite3_file* real_of(sqlite3_file* file) {
  return reinterpret_cast<File*>(file)->real;
}

int x_close(sqlite3_file* file) {
  delete path_of(file);
  return real_of(file)->pMethods->xClose(real_of(file));
}
int x_read(sqlite3_file* file, void* bytes, int size, sqlite3_int64 offset) {
  if (const int code = next_call(SQLITE_IOERR_READ)) return code;
  return real_of(file)->pMethods->xRead(real_of(file), bytes, size, offset);
}
int x_write(sqlite3_file* file, const void* bytes, int size, sqlite3_int64 offset) {
  if (const int code = next_call(SQLITE_IOERR_WRITE)) return code;
  if (path_of(file) != nullptr)
    note(*path_of(file),
         {offset, {static_cast<const char*>(bytes), static_cast<std::size_t>(size)}});
  return real_of(file)->pMethods->xWrite(real_of(file), bytes, size, offset);
}
int x_truncate(sqlite3_file* file, sqlite3_int64 size) {
  if (const int code = next_call(SQLITE_IOERR_TRUNCATE)) return code;
  if (path_of(file) != nullptr) note(*path_of(file), {size, {}, true});
  return real_of(file)->pMethods->xTruncate(real_of(file), size);
}
int x_sync(sqlite3_file* file, int flags) {
  if (const int code = next_call(SQLITE_IOERR_FSYNC)) return code;
  const int code = real_of(file)->pMethods->xSync(real_of(file), flags);
  if (code == SQLITE_OK && path_of(file) != nullptr) note_sync(*path_of(file));
  return code;
}
int x_file_size(sqlite3_file* file, sqlite3_int64* size) {
  if (const int code = next_call(SQLITE_IOERR_FSTAT)) return code;
  return real_of(file)->pMethods->xFileSize(real_of(file), size);
}
int x_lock(sqlite3_file* file, int level) {
  if (const int code = next_call(SQLITE_IOERR_LOCK)) return code;
  return real_of(file)->pMethods->xLock(real_of(file), level);
}
int x_unlock(sqlite3_file* file, int level) {
  return real_of(file)->pMethods->xUnlock(real_of(file), level);
}
int x_check_reserved_lock(sqlite3_file* file, int* held) {
  return real_of(file)->pMethods->xCheckReservedLock(real_of(file), held);
}
int x_file_control(sqlite3_file* file, int operation, void* argument) {
  return real_of(file)->pMethods->xFileControl(real_of(file), operation, argument);
}
int x_sector_size(sqlite3_file* file) {
  return real_of(file)->pMethods->xSectorSize(real_of(file));
}
int x_device_characteristics(sqlite3_file* file) {
  return real_of(file)->pMethods->xDeviceCharacteristics(real_of(file));
}
int x_shm_map(sqlite3_file* file, int page, int size, int extend, void volatile** memory) {
  if (const int code = next_call(SQLITE_IOERR_SHMMAP)) return code;
  return real_of(file)->pMethods->xShmMap(real_of(file), page, size, extend, memory);
}
int x_shm_lock(sqlite3_file* file, int offset, int count, int flags) {
  // An unlock never fails.
  if ((flags & SQLITE_SHM_UNLOCK) == 0) {
    if (const int code = next_call(SQLITE_IOERR_SHMLOCK)) return code;
  }
  return real_of(file)->pMethods->xShmLock(real_of(file), offset, count, flags);
}
void x_shm_barrier(sqlite3_file* file) {
  real_of(file)->pMethods->xShmBarrier(real_of(file));
}
int x_shm_unmap(sqlite3_file* file, int remove) {
  return real_of(file)->pMethods->xShmUnmap(real_of(file), remove);
}

const sqlite3_io_methods& methods() {
  static const sqlite3_io_methods kMethods{2,
                                           x_close,
                                           x_read,
                                           x_write,
                                           x_truncate,
                                           x_sync,
                                           x_file_size,
                                           x_lock,
                                           x_unlock,
                                           x_check_reserved_lock,
                                           x_file_control,
                                           x_sector_size,
                                           x_device_characteristics,
                                           x_shm_map,
                                           x_shm_lock,
                                           x_shm_barrier,
                                           x_shm_unmap,
                                           nullptr,
                                           nullptr};
  return kMethods;
}

int x_open(sqlite3_vfs*, const char* name, sqlite3_file* file, int flags, int* out_flags) {
  file->pMethods = nullptr;
  if (const int code = next_call(SQLITE_CANTOPEN)) return code;
  File* const shim = reinterpret_cast<File*>(file);
  shim->real = reinterpret_cast<sqlite3_file*>(shim + 1);
  const int code = real_vfs()->xOpen(real_vfs(), name, shim->real, flags, out_flags);
  if (code != SQLITE_OK) return code;
  shim->path = name == nullptr ? nullptr : new std::string(name);
  if (name != nullptr) note_open(name);
  file->pMethods = &methods();
  return code;
}

int x_delete(sqlite3_vfs*, const char* name, int sync_folder) {
  if (const int code = next_call(SQLITE_IOERR_DELETE)) return code;
  const int code = real_vfs()->xDelete(real_vfs(), name, sync_folder);
  const std::lock_guard lock(notes().mutex);
  if (code == SQLITE_OK) notes().files.erase(name);
  return code;
}

sqlite3_vfs& vfs() {
  static sqlite3_vfs the_vfs = [] {
    sqlite3_vfs copy = *real_vfs();
    copy.szOsFile = static_cast<int>(sizeof(File)) + real_vfs()->szOsFile;
    copy.pNext = nullptr;
    copy.zName = FaultyVfs::name();
    copy.xOpen = x_open;
    copy.xDelete = x_delete;
    return copy;
  }();
  return the_vfs;
}

}  // namespace

FaultyVfs::FaultyVfs() {
  heal();
  notes().on = false;
  notes().files.clear();
  sqlite3_vfs_register(&vfs(), 0);
}

FaultyVfs::~FaultyVfs() {
  sqlite3_vfs_unregister(&vfs());
}

const char* FaultyVfs::name() {
  return "faulty";
}

void FaultyVfs::fail(std::uint64_t nth, Fault fault, Length length) {
  plan().nth = 0;
  plan().fault = fault;
  plan().for_ever = length == Length::kForever;
  plan().calls = 0;
  plan().failures = 0;
  plan().nth = nth;
}

std::uint64_t FaultyVfs::calls() const {
  return plan().calls;
}

std::uint64_t FaultyVfs::failures() const {
  return plan().failures;
}

bool FaultyVfs::is_stuck() const {
  return plan().stuck;
}

void FaultyVfs::begin_to_note() {
  const std::lock_guard lock(notes().mutex);
  notes().on = true;
}

void FaultyVfs::lose_power(const std::string& path, const std::string& copy,
                           std::uint64_t seed) const {
  std::mt19937_64 random(seed);
  const std::lock_guard lock(notes().mutex);
  for (const auto& [name, file] : notes().files) {
    if (!name.starts_with(path)) continue;
    std::string left = file.synced;
    bool is_there = file.was_synced;
    for (const Change& change : file.changes) {
      if (seed == 0 || random() % 2 == 0) continue;
      apply(left, change);
      is_there = true;
    }
    if (!is_there) continue;
    std::ofstream(copy + name.substr(path.size()), std::ios::binary) << left;
  }
}

}  // namespace throttle::journal
