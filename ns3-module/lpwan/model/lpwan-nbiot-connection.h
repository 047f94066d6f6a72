// SPDX-License-Identifier: GPL-2.0-only

#ifndef LPWAN_NBIOT_CONNECTION_H
#define LPWAN_NBIOT_CONNECTION_H

#include "lpwan-nbiot-interface.h"

#include "ns3/event-id.h"
#include "ns3/packet.h"

#include <array>
#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <vector>

namespace ns3
{
namespace lpwan
{

/**
 * \ingroup lpwan
 *
 * What is for a device in a search space.
 */
enum class NbiotService : uint8_t
{
    GRANT,    //!< of a block upwards
    DOWNLINK, //!< a block of a packet downwards
    RELEASE,  //!< of its connection
};

/**
 * \ingroup lpwan
 *
 * A connection of one device: its HARQ processes, and the timer of its inactivity.
 */
class NbiotConnection
{
  public:
    NbiotConnection() = default;
    ~NbiotConnection();
    NbiotConnection(const NbiotConnection&) = delete;
    NbiotConnection& operator=(const NbiotConnection&) = delete;

    /** A grant was given: its block counts as on the air until EndGrant(). */
    void StartGrant();
    /** Its time is over. \return whether it was the last one */
    bool EndGrant();
    /** \return grants that were given and are not over */
    uint32_t GetOutstanding() const;

    /** \param block was lost, and goes again */
    void Repeat(std::shared_ptr<NbiotBlock> block);
    /** \return whether a block is to be repeated */
    bool HasRepeats() const;
    /** \param process a HARQ process, from 0 \return the block it repeats; null: none */
    std::shared_ptr<NbiotBlock> GetRepeat(std::size_t process) const;
    /** Blocks that were to be repeated are on the air. \param sent by process, which */
    void ForgetRepeats(const std::array<bool, 2>& sent);

    /**
     * \param hasDownlink whether packets for the device wait
     * \param bufferBytes what waits at the device
     * \param assistsRelease see NbiotServedUe::AssistsRelease()
     * \return what comes next, when no grant is outstanding: packets downwards before those
     *         upwards, then the release; nothing: the device is inactive
     */
    std::optional<NbiotService> NextService(bool hasDownlink,
                                            uint32_t bufferBytes,
                                            bool assistsRelease) const;

    /** \param event end of the inactivity timer */
    void StartInactivity(EventId event);
    /** Stops the inactivity timer. */
    void StopInactivity();

    /** \param stage of the second HARQ process's block; SCHEDULING: there is none */
    void SetSecondStage(NbiotStage stage);
    /** \return stage of a device one of whose grants is over, by those that are not */
    NbiotStage StageAfterGrant() const;

  private:
    std::vector<std::shared_ptr<NbiotBlock>> m_repeats; //!< blocks that HARQ repeats
    EventId m_inactivity;                               //!< end of the inactivity timer
    uint32_t m_outstanding{0};                          //!< grants that are not over
    NbiotStage m_second{NbiotStage::SCHEDULING};        //!< of the second HARQ process's block
};

/**
 * \ingroup lpwan
 *
 * Packets that wait at the base station for one device, oldest first.
 */
class NbiotDownlinkQueue
{
  public:
    /** A packet. */
    struct Item
    {
        Ptr<const Packet> packet; //!< of the application
        uint8_t port{1};          //!< application port
        uint32_t left{0};         //!< bytes that have not arrived, overhead included
        uint32_t attempts{0};     //!< of the block under way
        bool begun{false};        //!< a block of it was sent
    };

    /** \param packet of the application \param port likewise \param overhead headers, bytes */
    void Push(Ptr<const Packet> packet, uint8_t port, uint32_t overhead);
    /** \param port packets to it that have not begun go \return how many */
    std::size_t Cancel(uint8_t port);
    /** Lets go of all. \return how many */
    std::size_t Clear();
    /** \return how many wait */
    std::size_t GetSize() const;

    /** A block of the oldest one begins. \param most bytes it holds \return bytes it has */
    uint32_t BeginBlock(uint32_t most);
    /** It arrived. \param bytes it had \return the packet, when that is whole; it waits no more */
    std::optional<Item> ReceiveBlock(uint32_t bytes);
    /** It was lost. \param mostAttempts then the packet is given up \return whether it is */
    bool LoseBlock(uint32_t mostAttempts);

    EventId paging; //!< next attempt to page the device, or the end of a page in the air

  private:
    std::deque<Item> m_items;
};

/**
 * \ingroup lpwan
 *
 * A device in one random access and the connection that comes of it. A contact begins with the
 * first preamble and is over when the device has been released, gave up or was turned off;
 * NbiotContexts::EndContact() alone ends it, and the connection with it. Whatever is planned for a
 * device holds the contact that it was planned in, and asks with NbiotContexts::Find() whether that
 * is still on.
 */
struct NbiotContact
{
    uint32_t ue;     //!< index of the device
    uint32_t number; //!< of its contacts, from 0
};

/**
 * \ingroup lpwan
 *
 * Who waits for the search spaces of one coverage level, first come, first served.
 */
class NbiotWaitingList
{
  public:
    /** A device that waits. */
    struct Item
    {
        NbiotContact contact; //!< who
        NbiotService service; //!< for what
    };

    /** \param start of a search space \param item waits for it \return whether it is the first to
     */
    bool Add(Time start, const Item& item);
    /** \param start of a search space \return those that wait for it, who wait no more */
    std::vector<Item> Take(Time start);
    /**
     * Some of those that were taken did not get what they wait for: they go before those that wait
     * for a later search space.
     * \param start of the next search space
     * \param untried those that nothing was tried for: the first ones the next time
     * \param failed those for whom there was no room
     * \return whether nobody waited for it so far, and somebody does now
     */
    bool PutBack(Time start, const std::vector<Item>& untried, const std::vector<Item>& failed);

  private:
    std::map<Time, std::vector<Item>> m_items; //!< by start of the search space
};

/**
 * \ingroup lpwan
 *
 * What a base station knows of a device.
 */
struct NbiotContext
{
    NbiotServedUe* device{nullptr};               //!< the device
    std::unique_ptr<NbiotConnection> connection;  //!< null: none
    std::unique_ptr<NbiotDownlinkQueue> downlink; //!< null: nothing ever came
    uint32_t contact{0};                          //!< number of the present or next contact
    uint16_t attempts{0};                         //!< of the access under way, at this level
    uint8_t level{0};                             //!< coverage level of the access under way

    /** \return whether packets for it wait */
    bool HasDownlink() const
    {
        return downlink && downlink->GetSize() > 0;
    }
};

/**
 * \ingroup lpwan
 *
 * What a base station knows of its devices, by their index.
 */
class NbiotContexts
{
  public:
    /** \param device lives longer than the cell's last event \return its index */
    uint32_t Add(NbiotServedUe& device);
    /** \return how many */
    uint32_t GetCount() const;
    /** \param index of a device \return what is known of it */
    NbiotContext& At(uint32_t index);
    /** \param index of a device \return what is known of it */
    const NbiotContext& At(uint32_t index) const;
    /** \param contact of a device \return what is known of it, its contact being over or not */
    NbiotContext& Of(const NbiotContact& contact);
    /** \param index of a device \return the contact that it is in */
    NbiotContact ContactOf(uint32_t index) const;
    /** \param contact of a device \return what is known of it; null when the contact is over */
    NbiotContext* Find(const NbiotContact& contact);
    /** Ends the contact of a device, and its connection. \param index of it */
    void EndContact(uint32_t index);
    /** Forgets all devices; what was planned for them is void. */
    void Clear();

  private:
    std::vector<NbiotContext> m_contexts;
};

} // namespace lpwan
} // namespace ns3

#endif // LPWAN_NBIOT_CONNECTION_H
