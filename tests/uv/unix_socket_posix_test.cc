// Unix sockets: the file of a listener, the user of a client, and how a conversation ends there.
#include <filesystem>
#include <fstream>
#include <string>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "libthrottle/uv/unix_socket.h"
#include "tests/testing/temporary_folder.h"
#include "tests/uv/tcp_pair.h"

namespace throttle::uv {
namespace {

using testing::HasSubstr;

class UnixSocketTest : public TcpTest {
 protected:
  void listen() { unix_acceptor.emplace(loop, Endpoint::of_unix(path)); }
  Result<TcpListener> listen_at(const std::string& where) {
    return TcpListener::listen(loop, Endpoint::of_unix(where), acceptor);
  }
  // Connects client_end and server_end.
  void make_unix_pair() {
    listen();
    client_end.emplace(loop, connect(Endpoint::of_unix(path)));
    run_until([&] { return !unix_acceptor->streams.empty(); });
    server_end.emplace(loop, std::move(unix_acceptor->streams.back()));
    unix_acceptor->streams.pop_back();
  }
  // As a process that was killed.
  void leave_dead_socket() const {
    const int descriptor = socket(AF_UNIX, SOCK_STREAM, 0);
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    path.copy(address.sun_path, sizeof(address.sun_path) - 1);
    ASSERT_EQ(bind(descriptor, reinterpret_cast<const sockaddr*>(&address), sizeof(address)), 0);
    close(descriptor);
  }
  unsigned mode() const {
    struct stat status {};
    EXPECT_EQ(stat(path.c_str(), &status), 0);
    return status.st_mode & 0777U;
  }

  const TemporaryFolder folder;
  const std::string path = folder.file("x.sock");
  std::optional<ListeningEnd> unix_acceptor;
};

// --- the file ---

TEST_F(UnixSocketTest, LeavesNoFileBehind) {
  listen();
  EXPECT_TRUE(std::filesystem::exists(path));
  EXPECT_EQ(mode(), TcpListener::kSocketMode);
  unix_acceptor->listener->set_socket_mode(0600);
  EXPECT_EQ(mode(), 0600U);
  unix_acceptor.reset();
  EXPECT_FALSE(std::filesystem::exists(path));
}

TEST_F(UnixSocketTest, ReplacesTheFileOfADeadProcess) {
  leave_dead_socket();
  const auto listener = listen_at(path);
  ASSERT_TRUE(listener) << listener.error().message;
  connect(Endpoint::of_unix(path));
}

TEST_F(UnixSocketTest, SparesAFileThatAnotherProgramHasPutThere) {
  listen();
  std::filesystem::remove(path);
  std::ofstream(path) << "mine";
  unix_acceptor.reset();
  EXPECT_TRUE(std::filesystem::exists(path));
}

TEST_F(UnixSocketTest, SaysWhyItCannotListen) {
  listen();
  const auto live = listen_at(path);
  ASSERT_FALSE(live);
  EXPECT_EQ(live.error().code, ErrorCode::kInUse);
  EXPECT_EQ(live.error().message,
            "cannot listen on unix:" + path +
                ": address already in use. Another program listens there: stop it, or choose "
                "another path");
  run_until([&] { return !unix_acceptor->streams.empty(); });  // the question

  const std::string file = folder.file("file");
  std::ofstream(file) << "mine";
  const auto no_socket = listen_at(file);
  ASSERT_FALSE(no_socket);
  EXPECT_EQ(no_socket.error().code, ErrorCode::kInUse);
  EXPECT_THAT(no_socket.error().message, HasSubstr("a file that is no socket is there"));
  EXPECT_TRUE(std::filesystem::exists(file));

  const auto no_folder = listen_at(folder.file("none/x.sock"));
  ASSERT_FALSE(no_folder);
  EXPECT_EQ(no_folder.error().code, ErrorCode::kNotFound);
  EXPECT_THAT(no_folder.error().message, HasSubstr("Create its folder first"));

  const auto too_long = listen_at(folder.file(std::string(200, 'x')));
  ASSERT_FALSE(too_long);
  EXPECT_EQ(too_long.error().code, ErrorCode::kInvalidArgument);
}

TEST_F(UnixSocketTest, CreatesTheFileAsTheLoopSays) {
  int asked = 0;
  loop.set_opens_files_as([&](const std::function<void()>& open) -> Result<void> {
    ++asked;
    open();
    return {};
  });
  ASSERT_TRUE(listen_at(path));
  EXPECT_EQ(asked, 1);
  loop.set_opens_files_as([](const auto&) -> Result<void> {
    return throttle::fail(ErrorCode::kUnavailable, "not allowed");
  });
  const auto refused = listen_at(path);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().message, "not allowed");
}

// --- connecting ---

TEST_F(UnixSocketTest, SaysWhyItCannotConnect) {
  std::optional<Error> error;
  auto on_done = [&](Result<TcpStream> result) {
    error = result.error();
    loop.stop();
  };
  const auto attempt = TcpConnector::start(loop, Endpoint::of_unix(path), on_done);
  ASSERT_TRUE(attempt);
  run_until([&] { return error.has_value(); });
  EXPECT_EQ(error->message, "cannot connect to unix:" + path + ": no such file or directory");
}

TEST_F(UnixSocketTest, KnowsTheUserOfTheClient) {
  make_unix_pair();
  const auto peer = server_end->stream.peer_address();
  ASSERT_TRUE(peer);
  EXPECT_TRUE(peer->ip.is_unix());
  EXPECT_THAT(peer->to_string(), testing::AnyOf("unix", "unix:uid=" + std::to_string(getuid())));
  EXPECT_FALSE(server_end->stream.local_address());
}

// --- a conversation ---

TEST_F(UnixSocketTest, CarriesBytesBothWaysAndEndsInHalves) {
  make_unix_pair();
  server_end->stream.set_nodelay();  // both do nothing here
  server_end->stream.set_keepalive(std::chrono::seconds(1));
  EXPECT_FALSE(server_end->stream.delivery());
  server_end->stream.start_reading();
  client_end->stream.start_reading();
  const std::string much(4 << 20, 'x');
  client_end->stream.write(much);
  client_end->stream.shutdown();
  run_until([&] { return server_end->eof; });
  EXPECT_EQ(server_end->bytes, much);
  server_end->stream.write_last("answer");
  server_end->stream.shutdown();
  run_until([&] { return client_end->eof; });
  EXPECT_EQ(client_end->bytes, "answer");
}

TEST_F(UnixSocketTest, TakesACloseForAnEndAndNotForAReset) {
  make_unix_pair();
  client_end->stream.write("last words");
  client_end->stream.close_with_reset();
  run_briefly(loop);
  server_end->stream.start_reading();
  run_until([&] { return server_end->reset || server_end->eof; });
  EXPECT_TRUE(server_end->eof);
  EXPECT_EQ(server_end->bytes, "last words");
}

TEST_F(UnixSocketTest, ReadsTheLastWordsOfASideThatTakesNothingAnyMore) {
  make_unix_pair();
  client_end->stream.write("too large");
  client_end->stream.close();
  run_briefly(loop);
  server_end->stream.write("more");
  run_until([&] { return server_end->drained == 1; });
  EXPECT_FALSE(server_end->reset);
  server_end->stream.write("and more");
  server_end->stream.start_reading();
  run_until([&] { return server_end->reset; });
  EXPECT_EQ(server_end->bytes, "too large");
}

TEST_F(UnixSocketTest, ReportsAResetIfNothingIsLeftToRead) {
  make_unix_pair();
  client_end->stream.close();
  run_briefly(loop);
  server_end->stream.write("nobody takes it");
  run_until([&] { return server_end->reset; });
}

}  // namespace
}  // namespace throttle::uv
