// SPDX-License-Identifier: GPL-2.0-only
#include "limitnet/results/result-tables.h"

#include <ostream>
#include <set>

namespace limitnet
{

namespace
{

void
PrintTable(std::ostream& out, const ResultTable& table)
{
    out << "\n## " << table.file << "\n\n"
        << table.rows << "\n\n| column | type | unit | meaning |\n|---|---|---|---|\n";
    for (const Column& column : table.columns)
    {
        out << "| `" << column.name << "` | " << column.Type() << " | " << column.unit << " | "
            << column.meaning << " |\n";
    }
}

} // namespace

std::string
Column::Type() const
{
    static const std::set<std::string> texts{"group", "link", "role", "fate", "kind", "name"};
    static const std::set<std::string> flags{"correct", "map_received"};
    // Of the columns without a unit, those that are no counts and no numbers of something.
    static const std::set<std::string> ratios{"accuracy",
                                              "confidence",
                                              "delivery_ratio",
                                              "duty_cycle",
                                              "iou",
                                              "mean_absolute_error",
                                              "mean_ssim",
                                              "ssim",
                                              "threshold",
                                              "top1",
                                              "top1_wilson_high",
                                              "top1_wilson_low",
                                              "top5",
                                              "wilson_high",
                                              "wilson_low"};
    if (!type.empty())
    {
        return type;
    }
    if (texts.count(name) > 0)
    {
        return "text";
    }
    if (flags.count(name) > 0)
    {
        return "0 or 1";
    }
    const bool counts = unit == "byte" || unit == "Hz" || (unit.empty() && ratios.count(name) == 0);
    return counts && name.rfind("mean_", 0) != 0 ? "integer" : "number";
}

std::vector<std::string>
ResultTable::Names() const
{
    std::vector<std::string> names;
    for (const Column& column : columns)
    {
        names.push_back(column.name);
    }
    return names;
}

const ResultTable&
AccuracyTable()
{
    static const ResultTable table = {
        "accuracy.csv",
        "One row for each group of images and time since capture; groups first all, then those of "
        "the "
        "scenario, then by spreading factor or coverage level; times ascending.",
        {{"group",
          "",
          "Which images: `all`, those of one group of devices by its name, or those sent with one "
          "spreading factor, `sf7` .. `sf12`, or at one level of coverage enhancement, `ce0` .. "
          "`ce2`, as `images.csv` has them."},
         {"elapsed_s", "s", "Time since the capture of each image."},
         {"images_counted", "", "Images that were observed at least that long."},
         {"images_not_observed",
          "",
          "Images captured too late for that: the simulation ended before. They are not counted."},
         {"correct",
          "",
          "Of those counted: images whose last prediction up to then is right. Without a "
          "prediction it is wrong.",
          "integer"},
         {"accuracy", "", "correct / images_counted, 0..1; empty when none is counted."},
         {"wilson_low",
          "",
          "Lower end of the 95 % interval of accuracy, 0..1: Wilson's score interval of as many "
          "independent images as these are worth, since images of one camera, and of one picture, "
          "are alike (docs/analysis.md, Intervals)."},
         {"wilson_high", "", "Upper end of it, 0..1."}}};
    return table;
}

const ResultTable&
ImagesTable()
{
    static const ResultTable table = {
        "images.csv",
        "One row for each captured image, by device, then image.",
        {{"device", "", "Number of the device, from 0."},
         {"link", "", "Link of the device: `lora` or `nbiot`."},
         {"group",
          "",
          "Name of the device's group, as in the scenario; empty when there are no groups."},
         {"image", "", "Number of the image on its device, from 0."},
         {"dataset_index", "", "Index of the picture in the dataset, from 0."},
         {"label", "", "Class of the picture; empty when the dataset has none."},
         {"sf",
          "",
          "Spreading factor of the device when the first frame of the image began, at the end for "
          "an "
          "image without frames, 7..12; empty on a link that has none."},
         {"ce_level",
          "",
          "Level of coverage enhancement of the device at the same time, 0..2; empty on a link "
          "that "
          "has none."},
         {"captured_s", "s", "Simulated time of the capture."},
         {"encoded_s",
          "s",
          "Simulated time when the encoding was done and the first fragment was queued."},
         {"observed_s", "s", "From the capture to the end of the simulation."},
         {"fragments", "", "Fragments that the encoder made."},
         {"bytes", "byte", "Sum of their lengths, as in `fragments.csv`."},
         {"fragments_sent", "", "Fragments whose frame was in the air to its end."},
         {"fragments_received", "", "Fragments that reached the cloud."},
         {"encoding_energy_j", "J", "Energy of the microcontroller for its encoding."},
         {"radio_energy_j",
          "J",
          "Energy of the radio for sending its frames, each transmission of them."},
         {"values_received",
          "",
          "LimitNet: latent values, of 9,408, that the cloud could place at the end; empty "
          "otherwise."},
         {"map_received",
          "",
          "LimitNet: 1 when the cloud has what the order follows from at the end, the saliency map "
          "where one is sent, else 0; empty otherwise."},
         {"first_arrival_s",
          "s",
          "Simulated time when the first fragment reached the cloud; empty when none did."},
         {"last_arrival_s", "s", "Simulated time when the last one did; empty when none did."},
         {"prediction",
          "",
          "Class that the cloud predicts at the end; empty when nothing was received."},
         {"confidence",
          "",
          "Probability that its classifier gives that class, 0..1; empty without a prediction."},
         {"correct", "", "1 when that is the label, else 0; 0 when nothing was received."},
         {"psnr_db",
          "dB",
          "Peak signal-to-noise ratio of the reconstruction against the camera's picture at "
          "224x224, at most 100, which equal pictures have; empty without cloud.quality or "
          "reconstruction."},
         {"ssim", "", "Structural similarity of the same (Wang 2004), 1 for equal pictures."}}};
    return table;
}

const ResultTable&
FragmentsTable()
{
    static const ResultTable table = {
        "fragments.csv",
        "One row for each fragment, by device, image, fragment.",
        {{"device", "", "Number of the device, from 0."},
         {"image", "", "Number of the image on its device, from 0."},
         {"fragment", "", "Number of the fragment in sending order, from 0."},
         {"bytes",
          "byte",
          "Length as the link gets it, without the link's headers: parity's header and the label "
          "of strategy.max_reports included."},
         {"queued_s",
          "s",
          "Simulated time when it was given to the link, for the first time where it was sent "
          "again."},
         {"sent_s",
          "s",
          "Simulated time when the first symbol of its frame left the antenna, for the first time "
          "where it was sent again; empty when that was not so."},
         {"time_on_air_s",
          "s",
          "Duration of its frame, of each where it was sent again; NB-IoT: its share of all "
          "transport blocks with a part of it, with nbiot.early_data of Msg3 too, each time that "
          "they were sent, up to where it was given up or the simulation ended. Empty when it was "
          "not sent."},
         {"sf",
          "",
          "Spreading factor of the frame, 7..12; empty when it was not sent, and on a link that "
          "has "
          "none."},
         {"frequency_hz",
          "Hz",
          "Carrier of the frame; empty when it was not sent, and on a link whose carrier is not "
          "the frame's own."},
         {"transmissions", "", "How often its frame was in the air to the end."},
         {"tx_energy_j",
          "J",
          "Energy of the radio for sending these; NB-IoT: for time_on_air_s, and so 0 where that "
          "is empty, and not 0 for what was given up on its way."},
         {"fate",
          "",
          "What became of it: `delivered` to the cloud; lost at the gateways, at the one where it "
          "got furthest: `under_sensitivity`, `gateway_sending`, `no_demodulator`, "
          "`interference`, `random_loss`; NB-IoT: `residual_error`, a part was lost in all its "
          "transmissions; "
          "`in_backhaul` when a gateway received it and the simulation ended before the cloud did; "
          "given up by the device: `queue_full`, `payload_too_long`, `not_acknowledged`, "
          "`access_failed`, `battery_empty`; "
          "`expired`: its image was older than strategy.deadline_s, or 32 images behind the "
          "newest; `not_needed`: the cloud had "
          "enough of its image; `device_reboot`: the device forgot it; `cloud_down`: it reached "
          "the cloud while that was down; "
          "`not_sent` when the simulation ended before its frame did."},
         {"interferer_device",
          "",
          "Lost to interference: the device whose frame did most; empty otherwise."},
         {"arrived_s", "s", "Simulated time when it reached the cloud; empty when it did not."},
         {"gateways", "", "Gateways that received it; empty when it did not reach the cloud."},
         {"snr_db",
          "dB",
          "Best signal-to-noise ratio among them; empty when it did not reach the cloud."},
         {"prediction",
          "",
          "Class that the cloud predicted from all fragments up to this one; empty when it did not "
          "evaluate then."},
         {"confidence",
          "",
          "Probability that its classifier gives that class, 0..1; empty without a prediction."},
         {"correct", "", "1 when that is the label, else 0; empty when it did not evaluate then."},
         {"psnr_db",
          "dB",
          "Peak signal-to-noise ratio of the reconstruction against the camera's picture at "
          "224x224, at most 100, which equal pictures have; empty without cloud.quality or "
          "reconstruction."},
         {"ssim", "", "Structural similarity of the same (Wang 2004), 1 for equal pictures."},
         {"access_wait_s",
          "s",
          "Spent waiting for a random access occasion; this and what follows is of the last time "
          "that it was sent, and empty on a link whose network does not schedule its devices, and "
          "when its frame had not ended."},
         {"access_s", "s", "Spent on random access."},
         {"scheduling_s", "s", "Spent waiting for grants."},
         {"transmission_s",
          "s",
          "Time that the device's transport blocks were on the air meanwhile, those of fragments "
          "before it and repeated ones included. access_wait_s + access_s + scheduling_s + "
          "transmission_s is the way from queued_s to the base station of what was sent once."},
         {"retransmission_s", "s", "The part of that with repeated ones."}}};
    return table;
}

const ResultTable&
GatewaysTable()
{
    static const ResultTable table = {
        "gateways.csv",
        "One row for each gateway or base station; those of LoRaWAN first.",
        {{"gateway", "", "Number of the gateway, from 0."},
         {"link", "", "Its link: `lora` or `nbiot`."},
         {"operator", "", "Whose it is, from 1; it serves the devices of this operator alone."},
         {"x_m", "m", "Position."},
         {"y_m", "m", "Position."}}};
    return table;
}

const ResultTable&
NodesTable()
{
    static const ResultTable table = {
        "nodes.csv",
        "One row for each device, by number. Times and energies are over the whole simulation.",
        {{"device", "", "Number of the device, from 0."},
         {"link", "", "Link of the device: `lora` or `nbiot`."},
         {"group",
          "",
          "Name of the device's group, as in the scenario; empty when there are no groups."},
         {"role", "", "`camera`, or `meter`: a device that sends readings and no images."},
         {"x_m",
          "m",
          "Position at the end, to the east; the first gateway is at 0, 0 unless its place was "
          "given."},
         {"y_m", "m", "The same to the north."},
         {"sf", "", "Spreading factor at the end, 7..12; empty on a link that has none."},
         {"ce_level",
          "",
          "Level of coverage enhancement at the end, 0..2; empty on a link that has none."},
         {"path_loss_db",
          "dB",
          "At the end, to the gateway of its network with the lowest one, shadowing included."},
         {"images", "", "Images captured."},
         {"frames_sent",
          "",
          "Fragments (a meter's readings) whose frame was in the air to its end: each once, "
          "however often it was sent. Frames without one (joins, answers to the network) do not "
          "count."},
         {"frames_delivered", "", "Of those: fragments or readings that reached the cloud."},
         {"time_on_air_s",
          "s",
          "Time the device was sending, repetitions and frames that frames_sent leaves out "
          "included."},
         {"duty_cycle", "", "time_on_air_s / simulated time, 0..1."},
         {"signalling_time_on_air_s",
          "s",
          "NB-IoT: the part of time_on_air_s that belongs to no fragment or reading: preambles, "
          "Msg3 without data, acknowledgements, blocks with signalling alone. The rest is the sum "
          "over its fragments. Empty on a link that does not tell them apart."},
         {"encoding_s", "s", "Time the microcontroller spent encoding images that it finished."},
         {"encoding_energy_j", "J", "Energy of the microcontroller for that."},
         {"picture_energy_j",
          "J",
          "Energy for taking these images: devices.picture_energy_j each."},
         {"mcu_sleep_energy_j",
          "J",
          "Energy of the microcontroller for the rest of the time that the device was on."},
         {"radio_tx_energy_j", "J", "Energy of the radio while sending."},
         {"radio_rx_energy_j", "J", "Energy of the radio while listening."},
         {"radio_light_sleep_energy_j",
          "J",
          "Energy of the radio of an NB-IoT device that waits in random access or in a connection, "
          "with the share of listening that belongs to it; 0 on a link that has no such state."},
         {"radio_drx_energy_j",
          "J",
          "Energy of the radio while idle with a look at paging now and then; 0 likewise."},
         {"radio_sleep_energy_j", "J", "Energy of the radio for the rest of the time."},
         {"off_at_s", "s", "When its battery was empty; empty when it was not, or there is none."},
         {"lifetime_days",
          "d",
          "How long a full battery lasts at the mean power so far: all energies of this row and "
          "devices.base_power_w; empty without a battery."}}};
    return table;
}

const ResultTable&
CellTable()
{
    static const ResultTable table = {
        "cell.csv",
        "Of `limitnet-lorawan-cell`: one row for all devices, then one for each spreading factor. "
        "A frame counts once, by the furthest it got at any gateway.",
        {{"group", "", "all, or sf7..sf12: spreading factor of the frames."},
         {"frames", "", "Uplinks that have ended; received and lost ones together."},
         {"received", "", "Received by a gateway."},
         {"random_loss", "", "Lost to lora.extra_loss."},
         {"interference", "", "Lost: other frames were too strong."},
         {"no_demodulator", "", "Lost: all demodulators were held by other frames."},
         {"gateway_sending", "", "Lost: the gateway sent a downlink meanwhile."},
         {"under_sensitivity", "", "Lost in noise."},
         {"delivery_ratio", "", "received / frames, 0..1; empty without frames."},
         {"wilson_low", "", "Lower end of its 95 % Wilson interval."},
         {"wilson_high", "", "Upper end."}}};
    return table;
}

const ResultTable&
CellDevicesTable()
{
    static const ResultTable table = {
        "devices.csv",
        "Of `limitnet-lorawan-cell`: one row for each device, by number. Times and energies are "
        "over the whole simulation.",
        {{"device", "", "Number of the device, from 0."},
         {"x_m",
          "m",
          "Position at the end, to the east; the first gateway is at 0, 0 unless its place was "
          "given."},
         {"y_m", "m", "Position."},
         {"sf", "", "Spreading factor at the end, 7..12."},
         {"tx_power_dbm", "dBm", "Transmit power at the end."},
         {"path_loss_db",
          "dB",
          "At the end, to the gateway of its network with the lowest one, shadowing included."},
         {"frames_sent", "", "Uplinks that have ended: repetitions, joins and answers too."},
         {"frames_received", "", "Of those: received by a gateway."},
         {"dropped_payload_too_long",
          "",
          "Packets given up by the device: too long for its data rate by then."},
         {"dropped_queue_full", "", "Likewise: the queue was full."},
         {"dropped_battery_empty", "", "Likewise: the battery was empty."},
         {"dropped_not_acknowledged", "", "Likewise: confirmed, but never acknowledged."},
         {"time_on_air_s", "s", "Time the device was sending."},
         {"radio_tx_energy_j", "J", "Energy of the radio while sending."},
         {"radio_rx_energy_j", "J", "Energy of the radio while listening."},
         {"radio_sleep_energy_j", "J", "Energy of the radio for the rest of the time."},
         {"mcu_sleep_energy_j",
          "J",
          "Energy of the microcontroller, devices.sleep_power_w while the device was on."},
         {"off_at_s", "s", "When its battery was empty; empty when it was not, or there is none."},
         {"lifetime_days",
          "d",
          "How long a full battery lasts at the mean power so far: all energies of this row and "
          "devices.base_power_w; empty without a battery."}}};
    return table;
}

const ResultTable&
CellFramesTable()
{
    static const ResultTable table = {
        "frames.csv",
        "Of `limitnet-lorawan-cell` with frames = true: one row for each uplink, in the order in "
        "which they end. Empty where a column does not apply.",
        {{"start_s", "s", "First preamble symbol leaves the antenna."},
         {"time_on_air_s", "s", "From there to the last symbol."},
         {"device", "", "Number of the device."},
         {"counter", "", "Frame counter; a repetition has that of the first transmission."},
         {"sf", "", "Spreading factor, 7..12."},
         {"frequency_hz", "Hz", "Carrier."},
         {"frame_bytes", "", "PHY payload."},
         {"fate", "", "received, or why it was lost, by the furthest it got at any gateway."},
         {"interferer_device", "", "Lost to interference: whose frame did most."},
         {"interferer_counter", "", "Counter of that frame."}}};
    return table;
}

const ResultTable&
VideoTable()
{
    static const ResultTable table = {
        "OUT.csv",
        "Of `limitnet video`, beside the video OUT: one row for each frame.",
        {{"frame", "", "Number of the frame, from 0."},
         {"time_s", "s", "Its time in the video, frame / frame rate."},
         {"fragments", "", "Fragments that carry it."},
         {"size_bytes", "byte", "Sum of their lengths: headers, saliency map and values."},
         {"values", "", "Latent values, of 9,408, that they carry."},
         {"psnr_db",
          "dB",
          "PSNR at 224 x 224 against the picture that was encoded, at most 100, which equal "
          "pictures have."}}};
    return table;
}

const ResultTable&
LimFragmentsTable()
{
    static const ResultTable table = {
        "FILE.csv",
        "Of `limitnet info -o FILE.csv`: one row for each fragment of a .lim file, by picture, in "
        "sending order.",
        {{"picture", "", "Number of the picture in the file, from 0."},
         {"name", "", "Its name."},
         {"fragment", "", "Number of the fragment, from 0."},
         {"kind", "", "`map`, `values`, or `invalid` when it is no fragment of this bitstream."},
         {"size_bytes", "byte", "Length of the fragment."},
         {"values",
          "",
          "Latent values that it carries and none before it does; empty when there are none or the "
          "saliency map is missing."},
         {"first_place",
          "",
          "Place of the first of them in the importance order, from 0; empty likewise."},
         {"last_place", "", "Place of the last of them; empty likewise."}}};
    return table;
}

void
AddAccuracyRows(CsvWriter& csv, const std::string& group, const std::vector<AccuracyPoint>& points)
{
    constexpr int DECIMALS = 6; // finer than one image in a million
    for (const AccuracyPoint& point : points)
    {
        csv.Add(group)
            .Add(point.elapsedS)
            .Add(point.counted)
            .Add(point.notObserved)
            .Add(point.correct)
            .Add(point.accuracy, DECIMALS)
            .Add(point.wilsonLow, DECIMALS)
            .Add(point.wilsonHigh, DECIMALS)
            .EndRow();
    }
}

void
PrintTablesMarkdown(std::ostream& out)
{
    out << "# Result files\n\n"
           "<!-- Written from the library's own tables; a test compares the two. -->\n\n"
           "A run leaves these in `OUT/NAME/RUN/`, beside `scenario.ini` (every key as it was "
           "used, and checksums of the files they name) and "
           "`accuracy.png`.\nThey are CSV as in RFC 4180 (UTF-8, a header row, quotes where a "
           "field needs them), with "
           "lines ended by LF.\nNumbers have a decimal point whatever the language of the machine. "
           "An empty field "
           "means that there is no value.\nTimes are simulated time since the start, unless a "
           "column says "
           "otherwise; no file holds a time of the machine, so\nthe same scenario, seed and run "
           "give "
           "the same bytes.\nBuilds with another ns-3, compiler or C++ standard give the same "
           "bytes, "
           "too. Another version of LibTorch may\nround what the networks compute otherwise: "
           "`confidence` "
           "and `ssim` by 1 in their last digit, `psnr_db` by 0.001, and\n`prediction` where two "
           "classes "
           "are as likely. What the cloud decides by a confidence (`strategy.stop_confidence`) "
           "follows.\n\nSchema version "
        << RESULT_SCHEMA
        << ", which the end of `scenario.ini` names; it is raised when a column goes or changes "
           "its "
           "meaning. New columns may come.\n";
    for (const ResultTable* table :
         {&AccuracyTable(), &ImagesTable(), &FragmentsTable(), &NodesTable(), &GatewaysTable()})
    {
        PrintTable(out, *table);
    }
    out << "\n# Files of limitnet-lorawan-cell\n\nLikewise CSV, in OUT/NAME/RUN.\n";
    for (const ResultTable* table : {&CellTable(), &CellDevicesTable(), &CellFramesTable()})
    {
        PrintTable(out, *table);
    }
    out << "\n# Files of the program limitnet\n\nLikewise CSV; they are functions of the pictures, "
           "the models and the options.\n";
    for (const ResultTable* table : {&EvaluationTable(),
                                     &CodecsTable(),
                                     &CodecsEachTable(),
                                     &SaliencyTable(),
                                     &VideoTable(),
                                     &LimFragmentsTable()})
    {
        PrintTable(out, *table);
    }
}

std::vector<const ResultTable*>
AllTables()
{
    return {&AccuracyTable(),
            &ImagesTable(),
            &FragmentsTable(),
            &NodesTable(),
            &GatewaysTable(),
            &CellTable(),
            &CellDevicesTable(),
            &CellFramesTable(),
            &EvaluationTable(),
            &CodecsTable(),
            &CodecsEachTable(),
            &SaliencyTable(),
            &VideoTable(),
            &LimFragmentsTable()};
}

} // namespace limitnet
