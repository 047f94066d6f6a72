// SPDX-License-Identifier: GPL-2.0-only

/**
 * \file
 * A strategy of one's own: the cloud decides how much it wants of each picture, and tells the
 * camera when it has enough; the camera then goes on with the next picture. Here it wants every
 * fourth picture whole and two fragments of the others.
 *
 *     ./ns3 run limitnet-own-strategy -- --judge=false
 *
 * To change: the judge. It is asked after each fragment and may look at everything that the cloud
 * has, and decode and classify it. Attributes of ImageSource change what the camera does by itself:
 * NewestFirst, Deadline, FitDeadline, MaxReports.
 */

#include "limitnet/evaluation/open-codec.h"

#include "ns3/core-module.h"
#include "ns3/limitnet-module.h"
#include "ns3/lpwan-module.h"
#include "ns3/mobility-module.h"
#include "ns3/network-module.h"

#include <iostream>
#include <vector>

using namespace ns3;
using namespace ns3::lpwan;

int
main(int argc, char* argv[])
{
    bool withJudge = true;
    CommandLine cmd(__FILE__);
    cmd.AddValue("judge", "Whether the cloud says when it has enough", withJudge);
    cmd.Parse(argc, argv);
    limitnet::CodecChoice choice;
    choice.name = "jpeg";
    choice.side = 64;
    const limitnet::OpenedCodec codec = limitnet::OpenCodec(choice);

    NodeContainer nodes(3); // gateway, camera, cloud
    MobilityHelper().Install(nodes);
    LoraHelper lora;
    lora.InstallGateways(nodes.Get(0));
    const NetDeviceContainer devices = lora.Install(nodes.Get(1));
    LoraHelper::SetSpreadingFactor(devices, 9);
    lora.AssignStreams(1);
    const auto device = DynamicCast<LpwanNetDevice>(devices.Get(0));

    const auto camera = CreateObject<ImageSource>();
    camera->SetAttribute("Interval", StringValue("ns3::ConstantRandomVariable[Constant=300]"));
    camera->SetAttribute("ImageCount", UintegerValue(8));
    camera->SetDevice(device);
    camera->SetEncoder(codec.encoder);
    camera->SetDeviceProfile(limitnet::DeviceProfile::Get("stm32f7"));
    camera->SetPictures([](uint32_t image) { // stripes
        limitnet::Image picture{64, 64, limitnet::Bytes(3 * 64 * 64)};
        for (std::size_t i = 0; i < picture.rgb.size(); ++i)
        {
            picture.rgb[i] = static_cast<uint8_t>(i * (image + 3) / 100);
        }
        return picture;
    });
    nodes.Get(1)->AddApplication(camera);

    const auto cloud = CreateObject<CloudApplication>();
    CloudApplication::Subscription subscription;
    subscription.imageIdOf = [&](const auto& bytes) { return codec.decoder->ImageIdOf(bytes); };
    if (withJudge)
    {
        subscription.judge = [&cloud](std::size_t arrival) {
            const auto& image = cloud->GetImages()[cloud->GetArrivals()[arrival].image];
            return image.imageId % 4 != 0 && image.arrivals.size() >= 2;
        };
    }
    cloud->Subscribe(device->GetDeviceAddress(), subscription);
    cloud->SetSendCallback([&](uint32_t address, const std::vector<uint8_t>& answer) {
        lora.GetServer()->SendDownlink(address, answer, FEEDBACK_PORT);
    });
    nodes.Get(2)->AddApplication(cloud);
    lora.GetServer()->SetDeliverCallback(MakeCallback(&CloudApplication::Receive, cloud));

    Simulator::Stop(Hours(4));
    Simulator::Run();
    for (const auto& image : cloud->GetImages())
    {
        const Time last = cloud->GetArrivals()[image.arrivals.back()].time;
        std::cout << "picture " << +image.imageId << ": " << image.arrivals.size()
                  << " fragments, the last one "
                  << (last - Seconds(300) * image.imageId).As(Time::S) << " after the capture\n";
    }
    std::cout << cloud->GetEnoughAnswers() << " answers of the cloud, "
              << device->GetTxAirtimeSeconds() << " s on air\n";
    Simulator::Destroy();
    return 0;
}
