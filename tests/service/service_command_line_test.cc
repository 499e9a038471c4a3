// Quoting is proven by splitting again, over every short text of the characters that matter.
#include "service/service_command_line.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace throttle::service {
namespace {

using ::testing::ElementsAre;

const ServiceLaunch kLaunch{.executable = R"(C:\Program Files\Throttle\throttle-service.exe)",
                            .name = "Throttle",
                            .configuration = R"(C:\ProgramData\Throttle\throttle.toml)"};

TEST(ImagePath, IsTheDocumentedLine) {
  EXPECT_EQ(image_path(kLaunch),
            R"("C:\Program Files\Throttle\throttle-service.exe" run --scm --name Throttle )"
            R"(--configuration "C:\ProgramData\Throttle\throttle.toml")");
}

TEST(ImagePath, QuotesAProgramWithoutBlanksToo) {
  EXPECT_TRUE(image_path({.executable = R"(C:\t.exe)", .name = "T", .configuration = "c"})
                  .starts_with(R"("C:\t.exe" )"));
}

TEST(ImagePath, NamesTheRoleOfAProxy) {
  ServiceLaunch launch = kLaunch;
  launch.role = Role::kProxy;
  EXPECT_NE(image_path(launch).find(" --role proxy "), std::string::npos);
  EXPECT_EQ(parse_image_path(image_path(launch)), launch);
}

TEST(ImagePath, IsReadBackWhateverTheConfigurationIsCalled) {
  for (const char* file : {"", "a b", R"(C:\my "own"\x.toml)", R"(\\server\share\)", R"(a\\"b\)"}) {
    ServiceLaunch launch = kLaunch;
    launch.configuration = file;
    EXPECT_EQ(parse_image_path(image_path(launch)), launch) << file;
  }
}

TEST(ImagePath, ThatSomebodyHasEditedIsReadAsWell) {
  const auto launch = parse_image_path(
      R"(C:\Throttle\throttle-service.exe run --scm --name=Second -c "D:\a b.toml" --role=proxy)");
  ASSERT_TRUE(launch);
  EXPECT_EQ(*launch, (ServiceLaunch{.executable = R"(C:\Throttle\throttle-service.exe)",
                                    .name = "Second",
                                    .configuration = R"(D:\a b.toml)",
                                    .role = Role::kProxy}));
}

TEST(ImagePath, OfAnotherProgramIsAnError) {
  EXPECT_FALSE(parse_image_path(R"(C:\Windows\system32\svchost.exe -k netsvcs)"));
  EXPECT_FALSE(parse_image_path(""));
  EXPECT_FALSE(parse_image_path(R"("C:\t.exe" run --role dancer)"));
}

TEST(ImagePath, OfAServiceOfOursNamesTheSameProgramAndSaysScm) {
  const std::string& own = kLaunch.executable;
  EXPECT_TRUE(is_service_of(image_path(kLaunch), own));
  for (const char* line :
       {R"("D:\old\THROTTLE-Service.EXE" run --name A --scm)", "throttle-service run --scm",
        R"("C:/Throttle/throttle-service" "run" "--scm")",
        R"(C:\Program Files\run it\throttle-service.exe run --scm)"})
    EXPECT_TRUE(is_service_of(line, own)) << line;
}

TEST(ImagePath, OfAnotherProgramThatAlsoRunsIsNoneOfOurs) {
  for (const char* line :
       {R"("C:\GitLab\gitlab-runner.exe" "run" "--working-directory" "C:\" "--service" "x")",
        R"("C:\Throttle\other-throttle-service.exe" run --scm)", "gitlab-runner.exe run --scm",
        R"("C:\throttle-service.exe" run --name A)", R"("C:\throttle-service.exe" --scm run)",
        R"("C:\throttle-service.exe\other.exe" run --scm)", "throttle-service.exe", "run --scm",
        ""})
    EXPECT_FALSE(is_service_of(line, kLaunch.executable)) << line;
}

TEST(CommandLine, IsSplitByTheRulesOfCommandLineToArgv) {
  EXPECT_THAT(split_command_line(R"("C:\a b\" x)"), ElementsAre(R"(C:\a b\)", "x"));
  EXPECT_THAT(split_command_line(R"(p "a b" c\d "e\\" \"f\\\"g)"),
              ElementsAre("p", "a b", R"(c\d)", R"(e\)", R"("f\"g)"));
  EXPECT_THAT(split_command_line(R"(p "a""b c"d "" 	e)"),
              ElementsAre("p", R"(a"b)", R"(cd ")", "e"));
  EXPECT_THAT(split_command_line("p"), ElementsAre("p"));
  EXPECT_THAT(split_command_line(""), ElementsAre());
}

TEST(CommandLine, GivesBackEveryQuotedArgument) {
  constexpr std::string_view kLetters = "a \"\\\t";
  std::vector<std::string> texts = {""};
  for (std::size_t i = 0; texts[i].size() < 6; ++i)
    for (const char letter : kLetters)
      texts.push_back(texts[i] + letter);
  for (const std::string& text : texts)
    ASSERT_THAT(split_command_line("p " + quote_argument(text) + " end"),
                ElementsAre("p", text, "end"));
}

}  // namespace
}  // namespace throttle::service
