// The identifiers that Windows itself publishes, and digests of FIPS 180-4.
#include "service/service_identity.h"

#include <gtest/gtest.h>

#include "service/sha1.h"

namespace throttle::service {
namespace {

using Digest = std::array<std::uint32_t, 5>;

TEST(Sha1, DigestsTheExamplesOfTheStandard) {
  EXPECT_EQ(sha1("abc"), (Digest{0xa9993e36U, 0x4706816aU, 0xba3e2571U, 0x7850c26cU, 0x9cd0d89dU}));
  EXPECT_EQ(sha1("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq"),
            (Digest{0x84983e44U, 0x1c3bd26eU, 0xbaae4aa1U, 0xf95129e5U, 0xe54670f1U}));
  EXPECT_EQ(sha1(""), (Digest{0xda39a3eeU, 0x5e6b4b0dU, 0x3255bfefU, 0x95601890U, 0xafd80709U}));
}

TEST(ServiceSid, OfTrustedInstallerIsTheOneThatWindowsHas) {
  EXPECT_EQ(service_sid("TrustedInstaller"),
            "S-1-5-80-956008885-3418522649-1831038044-1853292631-2271478464");
}

TEST(ServiceSid, DoesNotDependOnTheCaseOfTheName) {
  EXPECT_EQ(service_sid("trustedINSTALLER"), service_sid("TrustedInstaller"));
}

TEST(ServiceSid, OfOurServiceIsTheDocumentedOne) {
  EXPECT_EQ(service_sid(kDefaultServiceName),
            "S-1-5-80-3690317630-2869695448-3860527076-2721206763-2278143782");
}

TEST(ServiceName, IsAlsoANameForAFile) {
  EXPECT_EQ(parse_service_name("Throttle-2.b_c"), "Throttle-2.b_c");
  for (const char* wrong : {"", ".", "-a", "a b", "a\\b", "a/b", "a\"b", "\xc3\xa4"})
    EXPECT_FALSE(parse_service_name(wrong)) << wrong;
  EXPECT_TRUE(parse_service_name(std::string(80, 'a')));
  EXPECT_FALSE(parse_service_name(std::string(81, 'a')));
}

TEST(FolderDescriptor, LetsTheServiceReadOrChangeAndNobodyElseSeeAnything) {
  EXPECT_EQ(folder_descriptor("S-1-5-80-1", FolderAccess::kRead),
            "O:BAG:SYD:PAI(A;OICI;FA;;;SY)(A;OICI;FA;;;BA)(A;OICI;0x1200a9;;;S-1-5-80-1)");
  EXPECT_EQ(folder_descriptor("S-1-5-80-1", FolderAccess::kChange),
            "O:BAG:SYD:PAI(A;OICI;FA;;;SY)(A;OICI;FA;;;BA)(A;OICI;0x1301bf;;;S-1-5-80-1)");
}

}  // namespace
}  // namespace throttle::service
