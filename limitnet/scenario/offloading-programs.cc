// SPDX-License-Identifier: GPL-2.0-only
#include "limitnet/scenario/offloading-programs.h"

#include "limitnet/scenario/lora-link-options.h"
#include "limitnet/scenario/nbiot-link-options.h"

#include <algorithm>
#include <stdexcept>

namespace limitnet
{

namespace
{

LinkKeys
LoraKeys()
{
    return {"lora", "LoRaWAN", AddLoraLinkSection};
}

LinkKeys
NbiotKeys()
{
    return {"nbiot", "NB-IoT", AddNbiotLinkSection};
}

std::vector<OffloadingProgram>
MakePrograms()
{
    OffloadingProgram lora;
    lora.name = "lora";
    lora.links = {LoraKeys()};

    OffloadingProgram nbiot;
    nbiot.name = "nbiot";
    nbiot.links = {NbiotKeys()};
    nbiot.periodS = 600;
    nbiot.durationS = 1800;
    nbiot.timesS = "1,2,3,4,5,6,8,10,15,20,30,45,60,90,120,180,300,600";

    OffloadingProgram mixed;
    mixed.name = "mixed";
    mixed.links = {LoraKeys(), NbiotKeys()};
    return {lora, nbiot, mixed};
}

} // namespace

std::string
OffloadingProgram::FullName() const
{
    return "limitnet-" + name + "-scenario";
}

const std::vector<OffloadingProgram>&
OffloadingPrograms()
{
    static const std::vector<OffloadingProgram> programs = MakePrograms();
    return programs;
}

const OffloadingProgram&
FindOffloadingProgram(const std::string& name)
{
    const auto& programs = OffloadingPrograms();
    const auto found =
        std::find_if(programs.begin(), programs.end(), [&name](const OffloadingProgram& program) {
            return program.name == name;
        });
    if (found == programs.end())
    {
        throw std::logic_error("there is no program " + name);
    }
    return *found;
}

} // namespace limitnet
