// SPDX-License-Identifier: GPL-2.0-only

#include "lpwan-test-bytes.h"

#include "ns3/lpwan-lora-crypto.h"
#include "ns3/lpwan-lora-frame.h"
#include "ns3/lpwan-lora-mac-commands.h"
#include "ns3/test.h"

#include <map>
#include <string>
#include <vector>

using namespace ns3;
using namespace ns3::lpwan;

namespace
{

/** AES-CMAC and LoRaWAN's cryptography against published vectors. */
class CryptoTestCase : public TestCase
{
  public:
    CryptoTestCase()
        : TestCase("MIC and encryption agree with RFC 4493 and published LoRaWAN frames")
    {
    }

  private:
    void DoRun() override
    {
        // RFC 4493, section 4.
        const AesBlock key = HexBlock("2b7e151628aed2a6abf7158809cf4f3c");
        const auto message =
            Hex("6bc1bee22e409f96e93d7e117393172aae2d8a571e03ac9c9eb76fac45af8e51"
                "30c81c46a35ce411e5fbc1191a0a52eff69f2445df4f9b17ad2b417be66c3710");
        const std::map<std::size_t, std::string> tags{
            {0, "bb1d6929e95937287fa37d129b756746"},
            {16, "070a16b46b4d4144f79bdd9dd04a287c"},
            {40, "dfa66747de9ae63030ca32611497c827"},
            {64, "51f0bebf7e3b9d92fc49741779363cfe"},
        };
        for (const auto& [size, tag] : tags)
        {
            NS_TEST_ASSERT_MSG_EQ((AesCmac(key, message.data(), size) == HexBlock(tag)),
                                  true,
                                  "RFC 4493, " << size << " bytes");
        }

        // Example frames of the lora-packet library (github.com/anthonykirby/lora-packet).
        const LoraSessionKeys keys{HexBlock("44024241ed4ce9a68c6a8bc055233fd3"),
                                   HexBlock("ec925802ae430ca77fd3dd73cb2cc588")};
        CheckFrame(keys, "40F17DBE4900020001954378762B11FF0D", 2, "test");
        CheckFrame(keys, "40F17DBE49000300012A3518AF", 3, "");
    }

    /** Reads the frame, and builds it again from what was read. */
    void CheckFrame(const LoraSessionKeys& keys,
                    const std::string& hex,
                    uint32_t counter,
                    const std::string& clear)
    {
        auto bytes = Hex(hex);
        const auto view = LoraFrameView::Parse(bytes.data(), bytes.size());
        NS_TEST_ASSERT_MSG_EQ(view.has_value(), true, "is a data frame");
        NS_TEST_ASSERT_MSG_EQ(view->devAddr, 0x49be7df1, "DevAddr");
        NS_TEST_ASSERT_MSG_EQ(view->frameCounter16, counter, "FCnt");
        NS_TEST_ASSERT_MSG_EQ(+view->port.value_or(0), 1, "FPort");
        NS_TEST_ASSERT_MSG_EQ(view->CheckMic(keys.nwkSKey, counter), true, "MIC");
        NS_TEST_ASSERT_MSG_EQ(view->CheckMic(keys.nwkSKey, counter + 65536),
                              false,
                              "MIC depends on the upper half of the counter");
        const auto payload = view->DecryptPayload(keys, counter);
        NS_TEST_ASSERT_MSG_EQ(std::string(payload.begin(), payload.end()), clear, "FRMPayload");

        LoraDataFrame frame;
        frame.devAddr = view->devAddr;
        frame.frameCounter = counter;
        frame.port = 1;
        frame.payload = payload;
        NS_TEST_ASSERT_MSG_EQ((frame.Serialize(keys) == bytes), true, "built again");
        NS_TEST_ASSERT_MSG_EQ(bytes.size(), clear.size() + LORA_MAC_OVERHEAD, "13 bytes overhead");

        for (std::size_t i = 0; i < bytes.size(); ++i)
        {
            bytes[i] ^= 0x10;
            const auto spoiled = LoraFrameView::Parse(bytes.data(), bytes.size());
            if (spoiled)
            {
                NS_TEST_ASSERT_MSG_EQ(spoiled->CheckMic(keys.nwkSKey, counter),
                                      false,
                                      "byte " << i << " is signed");
            }
            bytes[i] ^= 0x10;
        }
    }
};

/** Frames with options, and bytes that are no frame. */
class FrameTestCase : public TestCase
{
  public:
    FrameTestCase()
        : TestCase("frames are read as they were built, and nothing else is")
    {
    }

  private:
    void DoRun() override
    {
        const AesBlock master = HexBlock("000102030405060708090a0b0c0d0e0f");
        const LoraSessionKeys keys = DeriveSessionKeys(master, 0x01020304);
        NS_TEST_ASSERT_MSG_EQ((keys.nwkSKey == keys.appSKey), false, "two different keys");
        NS_TEST_ASSERT_MSG_EQ((keys.nwkSKey == DeriveSessionKeys(master, 0x01020304).nwkSKey),
                              true,
                              "the same in every run");
        NS_TEST_ASSERT_MSG_EQ((keys.nwkSKey == DeriveSessionKeys(master, 0x01020305).nwkSKey),
                              false,
                              "another device, other keys");

        for (std::size_t size : {0, 1, 15, 16, 17, 100, 242})
        {
            for (std::size_t options : {0, 5})
            {
                if (size + options > 242)
                {
                    continue;
                }
                LoraDataFrame frame;
                frame.devAddr = 0x01020304;
                frame.frameCounter = 0x00012345;
                frame.fOpts.assign(options, 0x02);
                frame.port = 99;
                for (std::size_t i = 0; i < size; ++i)
                {
                    frame.payload.push_back(static_cast<uint8_t>(i));
                }
                const auto bytes = frame.Serialize(keys);
                NS_TEST_ASSERT_MSG_EQ(bytes.size(), 13 + size + options, "length");
                const auto view = LoraFrameView::Parse(bytes.data(), bytes.size());
                NS_TEST_ASSERT_MSG_EQ(view.has_value(), true, "is a frame");
                NS_TEST_ASSERT_MSG_EQ(view->devAddr, frame.devAddr, "DevAddr");
                NS_TEST_ASSERT_MSG_EQ(view->frameCounter16, 0x2345, "FCnt");
                NS_TEST_ASSERT_MSG_EQ(view->fOptsSize, options, "FOpts");
                NS_TEST_ASSERT_MSG_EQ(+*view->port, 99, "FPort");
                NS_TEST_ASSERT_MSG_EQ(view->CheckMic(keys.nwkSKey, 0x00012345), true, "MIC");
                NS_TEST_ASSERT_MSG_EQ((view->DecryptPayload(keys, 0x00012345) == frame.payload),
                                      true,
                                      "payload of " << size);
                if (size > 4)
                {
                    const std::vector<uint8_t> onAir(bytes.begin() + view->payloadOffset,
                                                     bytes.begin() + view->payloadOffset + size);
                    NS_TEST_ASSERT_MSG_EQ((onAir == frame.payload), false, "encrypted on air");
                }
            }
        }

        // Bytes of every length and of every first byte: parsing is total.
        std::vector<uint8_t> bytes(300, 0xff);
        for (std::size_t size = 0; size <= bytes.size(); ++size)
        {
            for (int first = 0; first < 256; ++first)
            {
                bytes[0] = static_cast<uint8_t>(first);
                const auto view = LoraFrameView::Parse(bytes.data(), size);
                // FOpts claims 15 bytes here: 8 + 15 + MIC 4.
                const int type = first >> 5;
                const bool frame =
                    size >= 27 && size <= 255 && type >= 2 && type <= 5 && (first & 3) == 0;
                NS_TEST_ASSERT_MSG_EQ(view.has_value(), frame, size << " bytes, first " << first);
            }
        }
    }
};

/** Join frames. */
class JoinFrameTestCase : public TestCase
{
  public:
    JoinFrameTestCase()
        : TestCase("join frames agree with captured ones")
    {
    }

  private:
    void DoRun() override
    {
        // A join request and a join accept of The Things Network, as published with their key in
        // the documentation of the npm package lora-packet: their MICs would not fit other bytes.
        const AesBlock key = HexBlock("b6b53f4a168a7a88bdf7ea135ce9cfca");
        const auto request = Hex("00dc0000d07ed5b3701e6fedf57ceeaf0085cc587fe913");
        const auto parsed = LoraJoinRequest::Parse(request.data(), request.size());
        NS_TEST_ASSERT_MSG_EQ(parsed.has_value(), true, "a join request");
        NS_TEST_ASSERT_MSG_EQ(parsed->joinEui, 0x70b3d57ed00000dcULL, "JoinEUI");
        NS_TEST_ASSERT_MSG_EQ(parsed->devEui, 0x00afee7cf5ed6f1eULL, "DevEUI");
        NS_TEST_ASSERT_MSG_EQ(parsed->devNonce, 0xcc85, "DevNonce");
        NS_TEST_ASSERT_MSG_EQ(LoraJoinRequest::CheckMic(key, request.data()), true, "MIC");
        NS_TEST_ASSERT_MSG_EQ(ToHex(parsed->Serialize(key)), ToHex(request), "and back");

        const auto bytes =
            Hex("204dd85ae608b87fc4889970b7d2042c9e72959b0057aed6094b16003df12de145");
        const auto accept = LoraJoinAccept::Parse(key, bytes.data(), bytes.size());
        NS_TEST_ASSERT_MSG_EQ(accept.has_value(), true, "a join accept, MIC and all");
        NS_TEST_ASSERT_MSG_EQ(accept->joinNonce, 0xe5063a, "JoinNonce");
        NS_TEST_ASSERT_MSG_EQ(accept->netId, 0x000013, "NetID");
        NS_TEST_ASSERT_MSG_EQ(accept->devAddr, 0x26012e43, "DevAddr");
        NS_TEST_ASSERT_MSG_EQ(+accept->rx2DataRate, 3, "TTN's RX2");
        const std::vector<uint32_t> channels{867100000, 867300000, 867500000, 867700000, 867900000};
        NS_TEST_ASSERT_MSG_EQ((accept->channels == channels), true, "CFList");
        NS_TEST_ASSERT_MSG_EQ(ToHex(accept->Serialize(key)), ToHex(bytes), "and back");
        const AesBlock other = HexBlock("00000000000000000000000000000000");
        NS_TEST_ASSERT_MSG_EQ(LoraJoinAccept::Parse(other, bytes.data(), bytes.size()).has_value(),
                              false,
                              "another key");
    }
};

/** MAC commands as bytes. */
class CommandTestCase : public TestCase
{
  public:
    CommandTestCase()
        : TestCase("MAC commands have the bytes of the specification")
    {
    }

  private:
    void DoRun() override
    {
        const auto down = [](const LoraDownlinkCommand& command) {
            std::vector<uint8_t> bytes;
            AppendCommand(command, bytes);
            return ToHex(bytes);
        };
        const auto up = [](const LoraUplinkCommand& command) {
            std::vector<uint8_t> bytes;
            AppendCommand(command, bytes);
            return ToHex(bytes);
        };
        NS_TEST_ASSERT_MSG_EQ(down(LinkCheckAns{20, 3}), "021403", "LinkCheckAns");
        NS_TEST_ASSERT_MSG_EQ(down(LinkAdrReq{5, 1, 0x00ff, 0, 1}), "0351ff0001", "LinkADRReq");
        NS_TEST_ASSERT_MSG_EQ(down(LinkAdrReq{5, 7, 0x0002, 7, 0}), "0357020070", "mask control");
        NS_TEST_ASSERT_MSG_EQ(down(DutyCycleReq{4}), "0404", "DutyCycleReq");
        // 869.525 MHz is 8695250 x 100 Hz = 0x84add2, little endian (TTN's RX2 with DR3).
        NS_TEST_ASSERT_MSG_EQ(down(RxParamSetupReq{0, 3, 869525000}),
                              "0503d2ad84",
                              "RXParamSetupReq");
        NS_TEST_ASSERT_MSG_EQ(down(DevStatusReq{}), "06", "DevStatusReq");
        // 867.1 MHz is 0x844f18; DR0 to DR5.
        NS_TEST_ASSERT_MSG_EQ(down(NewChannelReq{3, 867100000, 0, 5}),
                              "0703184f8450",
                              "NewChannelReq");
        NS_TEST_ASSERT_MSG_EQ(down(RxTimingSetupReq{5}), "0805", "RXTimingSetupReq");
        NS_TEST_ASSERT_MSG_EQ(up(LinkCheckReq{}), "02", "LinkCheckReq");
        NS_TEST_ASSERT_MSG_EQ(up(LinkAdrAns{true, true, true}), "0307", "LinkADRAns");
        NS_TEST_ASSERT_MSG_EQ(up(LinkAdrAns{false, true, true}), "0303", "power refused");
        NS_TEST_ASSERT_MSG_EQ(up(RxParamSetupAns{true, false, true}), "0505", "DR refused");
        NS_TEST_ASSERT_MSG_EQ(up(DevStatusAns{254, -5}), "06fe3b", "DevStatusAns");
        NS_TEST_ASSERT_MSG_EQ(up(NewChannelAns{true, false}), "0702", "frequency refused");

        const auto several = Hex("06"
                                 "0351ff0001"
                                 "0805"
                                 "ff"
                                 "06");
        const auto commands = ParseDownlinkCommands(several.data(), several.size());
        NS_TEST_ASSERT_MSG_EQ(commands.size(), 3, "up to the unknown one");
        NS_TEST_ASSERT_MSG_EQ(std::get<LinkAdrReq>(commands[1]).dataRate, 5, "fields");
        NS_TEST_ASSERT_MSG_EQ(std::get<RxTimingSetupReq>(commands[2]).delayS, 5, "fields");
        const auto cut = Hex("0351ff");
        NS_TEST_ASSERT_MSG_EQ(ParseDownlinkCommands(cut.data(), cut.size()).size(), 0, "cut off");
        const auto answers = Hex("06fe3b0307");
        const auto parsed = ParseUplinkCommands(answers.data(), answers.size());
        NS_TEST_ASSERT_MSG_EQ(parsed.size(), 2, "answers");
        NS_TEST_ASSERT_MSG_EQ(+std::get<DevStatusAns>(parsed[0]).snrDb, -5, "six bits and a sign");
    }
};

/** Frames, their cryptography and MAC commands as bytes. */
class LoraFrameTestSuite : public TestSuite
{
  public:
    LoraFrameTestSuite()
        : TestSuite("lpwan-lora-frame")
    {
        AddTestCase(new CryptoTestCase);
        AddTestCase(new FrameTestCase);
        AddTestCase(new JoinFrameTestCase);
        AddTestCase(new CommandTestCase);
    }
};

LoraFrameTestSuite g_loraFrameTestSuite; //!< registers the suite

} // namespace
