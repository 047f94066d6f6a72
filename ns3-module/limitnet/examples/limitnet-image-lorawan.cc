// SPDX-License-Identifier: GPL-2.0-only

/**
 * \file
 * One picture over LoRaWAN: a camera encodes it with LimitNet, its device sends the fragments, and
 * the cloud decodes what has arrived, again after each fragment. The first fragments bring the map
 * of what matters in the picture, the next ones what matters most.
 *
 *     ./ns3 run limitnet-image-lorawan -- --sf=10 --codec=jpeg
 *
 * To change: the picture (limitnet/data/image-file.h reads files), or the codec's settings, the
 * fields of limitnet::CodecChoice.
 */

#include "limitnet/evaluation/image-quality.h"
#include "limitnet/evaluation/open-codec.h"

#include "ns3/core-module.h"
#include "ns3/limitnet-module.h"
#include "ns3/lpwan-module.h"
#include "ns3/mobility-module.h"
#include "ns3/network-module.h"

#include <cmath>
#include <iomanip>
#include <iostream>
#include <vector>

using namespace ns3;
using namespace ns3::lpwan;

/** A made-up picture: a bright disc before a sky that grows darker. */
limitnet::Image
Sunrise(int side)
{
    limitnet::Image image{side, side, {}};
    for (int y = 0; y < side; ++y)
    {
        for (int x = 0; x < side; ++x)
        {
            const bool sun = std::hypot(x - side / 2, y - side / 2) < side / 5;
            const auto light = static_cast<uint8_t>(sun ? 250 : 60 + 120 * y / side);
            image.rgb.insert(image.rgb.end(), {light, light, static_cast<uint8_t>(sun ? 90 : 200)});
        }
    }
    return image;
}

int
main(int argc, char* argv[])
{
    limitnet::CodecChoice choice;
    uint32_t sf = 9;
    CommandLine cmd(__FILE__);
    cmd.AddValue("codec", "limitnet, jpeg, jpeg-progressive, webp or raw", choice.name);
    cmd.AddValue("sf", "Spreading factor, 7 to 12", sf);
    cmd.Parse(argc, argv);
    const limitnet::OpenedCodec codec = limitnet::OpenCodec(choice);
    const limitnet::Image picture = Sunrise(choice.side);

    NodeContainer nodes(2); // gateway, camera
    MobilityHelper().Install(nodes);
    LoraHelper lora;
    lora.InstallGateways(nodes.Get(0));
    const NetDeviceContainer devices = lora.Install(nodes.Get(1));
    LoraHelper::SetSpreadingFactor(devices, static_cast<uint8_t>(sf));
    lora.AssignStreams(1);

    const auto camera = CreateObject<ImageSource>();
    camera->SetDevice(DynamicCast<LpwanNetDevice>(devices.Get(0)));
    camera->SetEncoder(codec.encoder);
    camera->SetDeviceProfile(limitnet::DeviceProfile::Get("stm32f7"));
    camera->SetPictures([&](uint32_t) { return picture; });
    nodes.Get(1)->AddApplication(camera);

    std::vector<limitnet::Bytes> arrived;
    lora.GetServer()->SetDeliverCallback(
        CallbackOf<void, const UplinkDelivery&>([&](const UplinkDelivery& delivery) {
            arrived.emplace_back(delivery.payload->GetSize());
            delivery.payload->CopyData(arrived.back().data(), delivery.payload->GetSize());
            std::cout << std::fixed << std::setprecision(1) << delivery.time.GetSeconds()
                      << " s: fragment " << arrived.size() << " of " << arrived.back().size()
                      << " bytes, ";
            if (const auto decoded = codec.decoder->Decode(arrived))
            {
                std::cout << limitnet::PsnrDb(picture, *decoded) << " dB\n";
            }
            else
            {
                std::cout << "no picture yet\n";
            }
        }));
    Simulator::Stop(Hours(4));
    Simulator::Run();
    Simulator::Destroy();
    return 0;
}
