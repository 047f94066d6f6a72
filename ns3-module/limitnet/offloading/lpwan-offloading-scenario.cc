// SPDX-License-Identifier: GPL-2.0-only

#include "lpwan-offloading-scenario.h"

#include "limitnet/codec/error.h"
#include "limitnet/data/paths.h"
#include "limitnet/evaluation/open-classifier.h"
#include "limitnet/results/plot.h"
#include "lpwan-offloading-explanation.h"
#include "lpwan-offloading-report.h"
#include "lpwan-progress-line.h"

#include "ns3/lpwan-scenario-setup.h"
#include "ns3/simulator.h"

#include <filesystem>
#include <iomanip>
#include <iostream>
#include <string>
#include <utility>

namespace ns3
{
namespace lpwan
{

namespace
{

/** \return where predictions are kept; empty: nowhere */
std::filesystem::path
CacheFile(const std::string& name)
{
    if (name == "none")
    {
        return {};
    }
    return name == "auto" ? limitnet::CacheDir() / "predictions.sqlite"
                          : std::filesystem::path(name);
}

/** An encoder whose errors say which keys they come from. */
class EncoderOfKeys : public limitnet::ImageEncoder
{
  public:
    EncoderOfKeys(std::shared_ptr<const limitnet::ImageEncoder> encoder, std::string keys)
        : m_encoder(std::move(encoder)),
          m_keys(std::move(keys))
    {
    }

    limitnet::EncodedImage Encode(const limitnet::Image& image,
                                  uint8_t imageId,
                                  const limitnet::EncodingLimits& limits) const override
    {
        try
        {
            return m_encoder->Encode(image, imageId, limits);
        }
        catch (const limitnet::Error& error)
        {
            throw limitnet::Error(m_keys + ": " + error.what());
        }
    }

  private:
    std::shared_ptr<const limitnet::ImageEncoder> m_encoder;
    std::string m_keys;
};

void
ShowSimulationProgress(ProgressLine* line, Time step)
{
    line->Show(Simulator::Now().GetSeconds());
    Simulator::Schedule(step, &ShowSimulationProgress, line, step);
}

} // namespace

OffloadingScenario::OffloadingScenario(limitnet::ScenarioValues values,
                                       std::vector<std::unique_ptr<OffloadingLink>> links)
    : m_values(std::move(values)),
      m_folder(m_values.Text("out"),
               m_values.Text("scenario.name"),
               static_cast<uint64_t>(m_values.Int("run"))),
      m_settings(ReadOffloadingSettings(m_values, links))
{
    OpenDataset();
    OpenEvaluator();
    OpenGroups();
    std::vector<AttributeBindings> attributes{OffloadingAttributes()};
    for (const auto& link : links)
    {
        attributes.push_back(link->GetAttributes());
    }
    BeginRun(m_values, attributes);
    m_network =
        std::make_unique<OffloadingNetwork>(m_settings, m_groups, *m_dataset, std::move(links));
}

OffloadingScenario::~OffloadingScenario()
{
    Simulator::Destroy();
}

void
OffloadingScenario::OpenDataset()
{
    const std::string& dataset = m_values.Text("images.dataset");
    try
    {
        m_dataset = limitnet::OpenDataset(limitnet::DatasetOnDisk(dataset, m_values.Text("data")),
                                          limitnet::Split::TEST,
                                          m_values.Text("data"));
    }
    catch (const limitnet::Error& error)
    {
        throw limitnet::Error("images.dataset = " + dataset + ": " + error.what());
    }
    if (m_dataset->ClassCount() == 0)
    {
        throw limitnet::Error("images.dataset = " + dataset +
                              ": its pictures have no classes, so no answer could be right");
    }
    const auto first = static_cast<std::size_t>(m_values.Int("images.first"));
    if (first >= m_dataset->Size())
    {
        throw limitnet::Error("images.first = " + std::to_string(first) + ": " + dataset + " has " +
                              std::to_string(m_dataset->Size()) + " test pictures");
    }
    if (limitnet::ClassesOf(*m_dataset).empty())
    {
        throw limitnet::Error("images.dataset = " + dataset +
                              ": no classifier knows its classes; they are neither those of CIFAR "
                              "nor the 1000 of ImageNet");
    }
}

void
OffloadingScenario::OpenEvaluator()
{
    const std::string& name = m_settings.classifier;
    const std::string classes = limitnet::ClassesOf(*m_dataset);
    std::shared_ptr<const limitnet::Classifier> classifier;
    try
    {
        classifier = limitnet::OpenClassifier(name, name == "auto" ? classes : std::string{});
    }
    catch (const limitnet::Error& error)
    {
        throw limitnet::Error("codec.classifier = " + name + ": " + error.what());
    }
    if (classifier->DatasetName() != classes)
    {
        throw limitnet::Error("codec.classifier = " + name + ": knows the classes of " +
                              classifier->DatasetName() + ", not of " + m_dataset->Name());
    }
    limitnet::EvaluatorOptions options;
    // What only explains the run leaves nothing.
    options.cache =
        CacheFile(m_values.CheckWanted() ? std::string("none") : m_values.Text("cloud.cache"));
    options.cacheLimitBytes = static_cast<uint64_t>(m_values.Int("cloud.cache_limit_mib")) << 20;
    m_evaluator = std::make_unique<limitnet::Evaluator>(classifier, options);
}

void
OffloadingScenario::OpenGroups()
{
    for (const auto& settings : m_settings.groups)
    {
        OffloadingGroup group;
        group.settings = settings;
        if (!settings.isMeters)
        {
            try
            {
                group.codec = limitnet::OpenCodec(settings.codec);
            }
            catch (const limitnet::Error& error)
            {
                const bool isModel = std::string(error.what()).rfind("model ", 0) == 0;
                const std::string key = isModel ? "codec.model" : "codec.name";
                throw limitnet::Error(settings.Prefix() + key + " = " + settings.values.Text(key) +
                                      ": " + error.what());
            }
            group.codec.encoder =
                std::make_shared<EncoderOfKeys>(group.codec.encoder,
                                                settings.Prefix() + settings.sizeKeys);
            group.decoder = m_evaluator->AddDecoder(group.codec.decoder);
        }
        m_groups.push_back(std::move(group));
    }
}

void
OffloadingScenario::Build()
{
    m_network->Build(m_values, m_folder, [this](std::size_t arrival) {
        return m_evaluation->IsEnough(arrival);
    });
    m_recorder =
        std::make_unique<OffloadingRecorder>(*m_network, *m_dataset, m_settings.comparesPictures);
    m_evaluation =
        std::make_unique<OffloadingEvaluation>(m_settings, *m_network, *m_recorder, *m_evaluator);
    for (const auto& link : m_network->GetLinks())
    {
        link->Connect(MakeCallback(&CloudApplication::Receive, m_network->GetCloud()),
                      MakeCallback(&OffloadingRecorder::OnFate, m_recorder.get()));
    }
}

void
OffloadingScenario::Simulate()
{
    ProgressLine line("simulating", m_settings.durationS);
    const Time step = Seconds(m_settings.durationS / 100);
    Simulator::Schedule(step, &ShowSimulationProgress, &line, step);
    Simulator::Stop(Seconds(m_settings.durationS));
    Simulator::Run();
    for (const auto& link : m_network->GetLinks())
    {
        link->Finish();
    }
    m_recorder->Finish();
}

void
OffloadingScenario::Explain(std::ostream& out)
{
    Build();
    OffloadingExplanation(m_settings, *m_dataset, *m_network)
        .Print(out, m_folder.FinalPath().string());
}

void
OffloadingScenario::Run(std::ostream& out)
{
    Build();
    Simulate();
    m_evaluation->Finish();
    const OffloadingReport report(m_settings,
                                  *m_dataset,
                                  *m_network,
                                  *m_recorder,
                                  m_evaluation->MakeCurves());
    report.WriteFiles(m_folder, m_values);
    limitnet::PlotResult plot;
    const bool isPlotted = m_settings.isPlotted && report.HasImages();
    if (isPlotted)
    {
        plot = limitnet::PlotAccuracy(m_folder.File("accuracy.csv"),
                                      m_folder.File("accuracy.png"),
                                      m_settings.name);
    }
    m_folder.Commit();
    report.Print(out);
    out << "\nresults in " << m_folder.FinalPath().string() << '\n';
    PrintCloud(out);
    if (isPlotted && !plot.done)
    {
        std::cerr << "warning: no accuracy.png: " << plot.reason << '\n';
    }
}

void
OffloadingScenario::PrintCloud(std::ostream& out) const
{
    const auto cloud = m_network->GetCloud();
    if (cloud->GetEnoughAnswers() + cloud->GetMissingAnswers() > 0)
    {
        out << "cloud's answers: " << cloud->GetEnoughAnswers() << " that an image is enough, "
            << cloud->GetMissingAnswers() << " about what is missing\n";
    }
    const auto counts = m_evaluator->Counts();
    std::cerr << "cloud: " << counts.requests << " receptions to evaluate, " << counts.known
              << " of them asked before, " << counts.cached << " kept from other runs, "
              << counts.evaluated << " decoded and classified";
    if (counts.evaluated > 0)
    {
        std::cerr << ": " << std::fixed << std::setprecision(1)
                  << static_cast<double>(counts.evaluated) / counts.busyS << " images/s";
    }
    std::cerr << '\n';
    if (m_evaluation->CountMixedImages() > 0)
    {
        std::cerr << "warning: the cloud mixed up " << m_evaluation->CountMixedImages()
                  << " images: nothing arrived of a device for 32 images, more than their ids tell "
                     "apart\n";
    }
    if (!m_evaluator->Problem().empty())
    {
        std::cerr << "warning: " << m_evaluator->Problem() << '\n';
    }
}

} // namespace lpwan
} // namespace ns3
