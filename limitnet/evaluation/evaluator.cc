// SPDX-License-Identifier: GPL-2.0-only
#include "limitnet/evaluation/evaluator.h"

#include "limitnet/data/checksum.h"
#include "limitnet/evaluation/reception.h"

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <deque>
#include <exception>
#include <map>
#include <mutex>
#include <optional>
#include <thread>

namespace limitnet
{

namespace
{

using Clock = std::chrono::steady_clock;

/** To be raised when decoding or classifying comes to give other results. */
constexpr const char* VERSION = "1";

/** Others who compute the same are looked at so often: at first, and after a while, as that may be
 * a look at another machine's disk. */
constexpr auto OTHERS_PERIOD = std::chrono::milliseconds(5);
constexpr auto LONGEST_OTHERS_PERIOD = std::chrono::milliseconds(100);

} // namespace

struct Evaluator::State
{
    /** A distinct reception. */
    struct Item
    {
        PredictionCache::Key key{};
        DecoderId decoder{0};
        std::shared_ptr<const Image> original; // until it is evaluated; null: not asked for
        std::vector<Bytes> fragments;          // until it is evaluated
        std::optional<Evaluation> evaluation;
    };

    /** A decoder, and what predictions with it depend on beside the fragments. */
    struct Decoder
    {
        std::shared_ptr<const ImageDecoder> decoder;
        std::string identity;
    };

    std::deque<Decoder> decoders; // by DecoderId; references stay valid
    std::shared_ptr<const Classifier> classifier;
    std::string identity; // of all but the decoder
    unsigned workers{1};
    std::unique_ptr<PredictionCache> cache;

    mutable std::mutex mutex;
    std::condition_variable wanted; // something is in the queue, or it is the end
    std::condition_variable done;   // a prediction is there, or a failure
    std::deque<Item> items;         // by Id; references stay valid
    std::map<PredictionCache::Key, Id> byKey;
    std::deque<Id> queue;
    std::size_t active{0}; // being evaluated
    Clock::time_point activeSince;
    EvaluatorCounts counts;
    std::exception_ptr failure;
    bool end{false};
    std::vector<std::thread> threads;

    void Work()
    {
        ComputeOnOneCore();
        std::size_t others = 0; // looked at in a row, all being computed by others
        auto period = OTHERS_PERIOD;
        std::unique_lock lock(mutex);
        while (true)
        {
            if (others > queue.size())
            {
                wanted.wait_for(lock, period, [&] { return end; });
                period = std::min(period * 2, LONGEST_OTHERS_PERIOD);
                others = 0;
            }
            wanted.wait(lock, [&] { return end || !queue.empty(); });
            if (end)
            {
                return;
            }
            const Id id = queue.front();
            queue.pop_front();
            Item& item = items[id];
            lock.unlock();
            Evaluation known;
            std::optional<Evaluation> evaluation;
            auto owner = PredictionCache::Owner::NOBODY;
            if (cache)
            {
                owner = cache->Claim(item.key, known);
                evaluation = known;
            }
            if (owner == PredictionCache::Owner::NOBODY)
            {
                evaluation = Compute(item);
            }
            lock.lock();
            if (!evaluation)
            {
                return; // a failure, which Get() tells of
            }
            if (owner == PredictionCache::Owner::OTHERS)
            {
                queue.push_back(id);
                ++others;
                continue;
            }
            others = 0;
            period = OTHERS_PERIOD;
            ++(owner == PredictionCache::Owner::NOBODY ? counts.evaluated : counts.cached);
            item.evaluation = evaluation;
            item.original.reset();
            item.fragments.clear();
            item.fragments.shrink_to_fit();
            done.notify_all();
        }
    }

    std::optional<Evaluation> Compute(const Item& item)
    {
        const ImageDecoder* decoder = nullptr;
        {
            const std::lock_guard lock(mutex);
            decoder = decoders[item.decoder].decoder.get();
            if (active++ == 0)
            {
                activeSince = Clock::now();
            }
        }
        std::optional<Evaluation> evaluation;
        try
        {
            const auto received = Receive(*decoder, item.fragments, item.original.get());
            Evaluation made = received ? classifier->Classify(received->picture) : Prediction{};
            if (received)
            {
                made.psnrDb = received->psnrDb;
                made.ssim = received->ssim;
            }
            if (cache)
            {
                cache->Store(item.key, made);
            }
            evaluation = made;
        }
        catch (...)
        {
            const std::lock_guard lock(mutex);
            failure = failure ? failure : std::current_exception();
            done.notify_all();
        }
        const std::lock_guard lock(mutex);
        if (--active == 0)
        {
            counts.busyS += std::chrono::duration<double>(Clock::now() - activeSince).count();
        }
        return evaluation;
    }
};

Evaluator::Evaluator(std::shared_ptr<const Classifier> classifier, const EvaluatorOptions& options)
    : m_state(std::make_unique<State>())
{
    m_state->classifier = std::move(classifier);
    m_state->workers = std::max(1U, options.workers);
    if (!options.cache.empty())
    {
        m_state->identity = m_state->classifier->Identity() + '\n';
        m_state->cache = std::make_unique<PredictionCache>(options.cache, options.cacheLimitBytes);
    }
}

Evaluator::Evaluator(std::shared_ptr<const ImageDecoder> decoder,
                     std::shared_ptr<const Classifier> classifier,
                     const EvaluatorOptions& options)
    : Evaluator(std::move(classifier), options)
{
    AddDecoder(std::move(decoder));
}

Evaluator::DecoderId
Evaluator::AddDecoder(std::shared_ptr<const ImageDecoder> decoder)
{
    State::Decoder added;
    added.identity = std::string(VERSION) + '\n' + decoder->Identity() + '\n' + m_state->identity;
    added.decoder = std::move(decoder);
    const std::lock_guard lock(m_state->mutex);
    auto& decoders = m_state->decoders;
    const auto same = std::find_if(decoders.begin(), decoders.end(), [&](const auto& other) {
        return other.identity == added.identity;
    });
    const auto id = static_cast<DecoderId>(same - decoders.begin());
    if (same == decoders.end())
    {
        decoders.push_back(std::move(added));
    }
    return id;
}

Evaluator::~Evaluator()
{
    {
        const std::lock_guard lock(m_state->mutex);
        m_state->end = true;
    }
    m_state->wanted.notify_all();
    for (auto& thread : m_state->threads)
    {
        thread.join();
    }
}

Evaluator::Id
Evaluator::Request(const std::vector<Bytes>& fragments,
                   DecoderId decoder,
                   std::shared_ptr<const Image> original)
{
    std::vector<Bytes> set = DistinctFragments(fragments);
    std::string text;
    {
        const std::lock_guard lock(m_state->mutex);
        text = m_state->decoders.at(decoder).identity;
    }
    if (original)
    {
        text += "original " + std::to_string(original->width) + 'x' +
                std::to_string(original->height) + ' ';
        text.append(original->rgb.begin(), original->rgb.end());
        text += '\n';
    }
    for (const auto& fragment : set)
    {
        // With its length in front, so that no two sets of fragments have one key.
        text += std::to_string(fragment.size()) + ':';
        text.append(fragment.begin(), fragment.end());
    }
    const auto key = Sha256Of(text);

    const std::lock_guard lock(m_state->mutex);
    ++m_state->counts.requests;
    const auto [place, isNew] = m_state->byKey.emplace(key, m_state->items.size());
    if (!isNew)
    {
        ++m_state->counts.known;
        return place->second;
    }
    m_state->items.emplace_back();
    State::Item& item = m_state->items.back();
    item.key = key;
    item.decoder = decoder;
    if (m_state->cache)
    {
        item.evaluation = m_state->cache->Find(key);
    }
    if (item.evaluation)
    {
        ++m_state->counts.cached;
        return place->second;
    }
    item.fragments = std::move(set);
    item.original = std::move(original);
    m_state->queue.push_back(place->second);
    if (m_state->threads.size() < m_state->workers)
    {
        m_state->threads.emplace_back(&State::Work, m_state.get());
    }
    m_state->wanted.notify_one();
    return place->second;
}

Evaluation
Evaluator::Get(Id id)
{
    std::unique_lock lock(m_state->mutex);
    State::Item& item = m_state->items.at(id);
    m_state->done.wait(lock, [&] { return item.evaluation || m_state->failure; });
    if (!item.evaluation)
    {
        std::rethrow_exception(m_state->failure);
    }
    return *item.evaluation;
}

Evaluation
Evaluator::Evaluate(const std::vector<Bytes>& fragments)
{
    return Get(Request(fragments));
}

EvaluatorCounts
Evaluator::Counts() const
{
    const std::lock_guard lock(m_state->mutex);
    EvaluatorCounts counts = m_state->counts;
    if (m_state->active > 0)
    {
        counts.busyS += std::chrono::duration<double>(Clock::now() - m_state->activeSince).count();
    }
    return counts;
}

std::string
Evaluator::Problem() const
{
    return m_state->cache ? m_state->cache->Problem() : "";
}

} // namespace limitnet
