// The shim: each open file is a small struct with SQLite's methods, followed by the real file.
#include "tests/journal/faulty_vfs.h"

#include <atomic>
#include <cstring>
#include <new>
#include <sqlite3.h>

namespace throttle::journal {

namespace {

struct Plan {
  std::atomic<std::uint64_t> calls{0};
  std::atomic<std::uint64_t> nth{0};
  std::atomic<std::uint64_t> failures{0};
  std::atomic<FaultyVfs::Fault> fault{FaultyVfs::Fault::kFull};
  std::atomic<bool> for_ever{false};
};

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
  switch (p.fault.load()) {
    case FaultyVfs::Fault::kFull:
      return SQLITE_FULL;
    case FaultyVfs::Fault::kIoError:
      return io_error;
    case FaultyVfs::Fault::kBusy:
      return SQLITE_BUSY;
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
};

sqlite3_file* real_of(sqlite3_file* file) {
  return reinterpret_cast<File*>(file)->real;
}

int x_close(sqlite3_file* file) {
  return real_of(file)->pMethods->xClose(real_of(file));
}
int x_read(sqlite3_file* file, void* bytes, int size, sqlite3_int64 offset) {
  return real_of(file)->pMethods->xRead(real_of(file), bytes, size, offset);
}
int x_write(sqlite3_file* file, const void* bytes, int size, sqlite3_int64 offset) {
  if (const int code = next_call(SQLITE_IOERR_WRITE)) return code;
  return real_of(file)->pMethods->xWrite(real_of(file), bytes, size, offset);
}
int x_truncate(sqlite3_file* file, sqlite3_int64 size) {
  if (const int code = next_call(SQLITE_IOERR_TRUNCATE)) return code;
  return real_of(file)->pMethods->xTruncate(real_of(file), size);
}
int x_sync(sqlite3_file* file, int flags) {
  if (const int code = next_call(SQLITE_IOERR_FSYNC)) return code;
  return real_of(file)->pMethods->xSync(real_of(file), flags);
}
int x_file_size(sqlite3_file* file, sqlite3_int64* size) {
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
  if (code == SQLITE_OK) file->pMethods = &methods();
  return code;
}

sqlite3_vfs& vfs() {
  static sqlite3_vfs the_vfs = [] {
    sqlite3_vfs copy = *real_vfs();
    copy.szOsFile = static_cast<int>(sizeof(File)) + real_vfs()->szOsFile;
    copy.pNext = nullptr;
    copy.zName = FaultyVfs::name();
    copy.xOpen = x_open;
    return copy;
  }();
  return the_vfs;
}

}  // namespace

FaultyVfs::FaultyVfs() {
  heal();
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

}  // namespace throttle::journal
