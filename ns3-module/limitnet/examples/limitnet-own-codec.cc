// SPDX-License-Identifier: GPL-2.0-only

/**
 * \file
 * A codec of one's own: the green of 16 x 16 pixels of the picture, a row of them in each fragment,
 * so that each fragment is of use alone. A quarter of all frames is lost; rows of the picture that
 * did not arrive are printed as dots.
 *
 *     ./ns3 run limitnet-own-codec -- --loss=0.5
 *
 * To change: what Encode() puts into a fragment. The first byte has to tell the image. The stages
 * that `work` names are those of a device profile, which turns operations into time.
 */

#include "limitnet/codec/image-codec.h"

#include "ns3/core-module.h"
#include "ns3/limitnet-module.h"
#include "ns3/lpwan-module.h"
#include "ns3/mobility-module.h"
#include "ns3/network-module.h"

#include <cstdlib>
#include <iostream>
#include <memory>
#include <string>
#include <vector>

using namespace ns3;
using namespace ns3::lpwan;

constexpr int SIDE = 16; // rows and columns of the picture that is sent

class SampleEncoder : public limitnet::ImageEncoder
{
  public:
    limitnet::EncodedImage Encode(const limitnet::Image& image,
                                  uint8_t imageId,
                                  const limitnet::EncodingLimits& /* limits */) const override
    {
        limitnet::EncodedImage encoded;
        for (uint8_t row = 0; row < SIDE; ++row)
        {
            limitnet::Bytes fragment{imageId, row};
            for (int column = 0; column < SIDE; ++column)
            {
                const int y = (2 * row + 1) * image.height / (2 * SIDE);
                const int x = (2 * column + 1) * image.width / (2 * SIDE);
                fragment.push_back(image.rgb[3 * (y * image.width + x) + 1]);
            }
            encoded.fragments.push_back(fragment);
        }
        encoded.work.stages = {{"resize", SIDE * SIDE}};
        return encoded;
    }
};

int
main(int argc, char* argv[])
{
    double loss = 0.25;
    CommandLine cmd(__FILE__);
    cmd.AddValue("loss", "Part of all frames that is lost by chance", loss);
    cmd.Parse(argc, argv);

    NodeContainer nodes(2); // gateway, camera
    MobilityHelper().Install(nodes);
    LoraHelper lora;
    lora.SetGatewayAttribute("RandomLoss", DoubleValue(loss));
    lora.InstallGateways(nodes.Get(0));
    const auto device = DynamicCast<LpwanNetDevice>(lora.Install(nodes.Get(1)).Get(0));
    lora.AssignStreams(1);

    const auto camera = CreateObject<ImageSource>();
    camera->SetDevice(device);
    camera->SetEncoder(std::make_shared<SampleEncoder>());
    camera->SetDeviceProfile(limitnet::DeviceProfile::Get("stm32f7"));
    camera->SetPictures([](uint32_t) { // a cross
        limitnet::Image image{64, 64, limitnet::Bytes(3 * 64 * 64, 230)};
        for (int i = 0; i < 64 * 64; ++i)
        {
            image.rgb[3 * i + 1] =
                std::abs(i / 64 - 32) < 7 || std::abs(i % 64 - 32) < 7 ? 20 : 230;
        }
        return image;
    });
    nodes.Get(1)->AddApplication(camera);

    // The cloud's half: here it is a line of text for each fragment.
    std::vector<std::string> lines(SIDE, std::string(SIDE, '.'));
    lora.GetServer()->SetDeliverCallback(
        CallbackOf<void, const UplinkDelivery&>([&](const UplinkDelivery& delivery) {
            limitnet::Bytes bytes(delivery.payload->GetSize());
            delivery.payload->CopyData(bytes.data(), static_cast<uint32_t>(bytes.size()));
            for (int column = 0; column < SIDE; ++column)
            {
                lines.at(bytes[1])[column] = bytes[2 + column] < 128 ? '#' : ' ';
            }
        }));
    Simulator::Stop(Hours(1));
    Simulator::Run();
    for (const auto& line : lines)
    {
        std::cout << '|' << line << "|\n";
    }
    Simulator::Destroy();
    return 0;
}
