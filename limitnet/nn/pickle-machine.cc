// SPDX-License-Identifier: GPL-2.0-only
// The instructions of a pickle.
#include "limitnet/nn/pickle-machine.h"

#include <cstring>
#include <iomanip>

namespace limitnet
{

/** A two's complement number of any length; what does not fit 64 bits is an opaque object. */
void
PickleTree::Machine::PushNumber(std::string_view bytes)
{
    if (bytes.size() > 8)
    {
        Push(New(Kind::OBJECT, "builtins.int"));
        return;
    }
    uint64_t number = !bytes.empty() && (bytes.back() & 0x80) != 0 ? ~uint64_t{0} : 0;
    for (size_t i = bytes.size(); i-- > 0;)
    {
        number = number << 8 | static_cast<uint8_t>(bytes[i]);
    }
    Push(NewInteger(static_cast<int64_t>(number)));
}

bool
PickleTree::Machine::Step()
{
    m_opcodeAt = m_at;
    const auto opcode = static_cast<uint8_t>(Take(1)[0]);
    switch (opcode)
    {
    // --- frame of the program ---
    case 0x80: // PROTO
    {
        const auto protocol = TakeNumber(1);
        if (protocol < 2 || protocol > 5)
        {
            Fail(Text("protocol ", protocol, ", which is not one of 2 to 5,"));
        }
        break;
    }
    case 0x95: // FRAME: a hint on how much to read ahead
        if (TakeNumber(8) > m_bytes.size() - m_at)
        {
            Fail("a frame that is longer than the file");
        }
        break;
    case '.': // STOP
        m_tree.m_root = Pop();
        return false;

    // --- stack and memo ---
    case '(': // MARK
        Spend(2 * sizeof(size_t));
        m_marks.push_back(m_stack.size());
        break;
    case '0': // POP: a value, or a mark with nothing above it
        if (!m_marks.empty() && m_stack.size() == m_marks.back())
        {
            m_marks.pop_back();
        }
        else
        {
            Pop();
        }
        break;
    case '1': // POP_MARK
        PopMark();
        break;
    case '2': // DUP
        Push(Top());
        break;
    case 'q': // BINPUT
        Memoise(TakeNumber(1));
        break;
    case 'r': // LONG_BINPUT
        Memoise(TakeNumber(4));
        break;
    case 0x94: // MEMOIZE
        Memoise(m_memo.size());
        break;
    case 'h': // BINGET
        PushMemo(TakeNumber(1));
        break;
    case 'j': // LONG_BINGET
        PushMemo(TakeNumber(4));
        break;

    // --- plain values ---
    case 'N':
        Push(New(Kind::NONE));
        break;
    case 0x88: // NEWTRUE
    case 0x89: // NEWFALSE
        Push(NewInteger(opcode == 0x88 ? 1 : 0, Kind::BOOL));
        break;
    case 'J': // BININT
        Push(NewInteger(static_cast<int32_t>(TakeNumber(4))));
        break;
    case 'K': // BININT1
        Push(NewInteger(static_cast<int64_t>(TakeNumber(1))));
        break;
    case 'M': // BININT2
        Push(NewInteger(static_cast<int64_t>(TakeNumber(2))));
        break;
    case 0x8a: // LONG1
        PushNumber(Take(TakeNumber(1)));
        break;
    case 0x8b: // LONG4
        PushNumber(Take(TakeNumber(4)));
        break;
    case 'G': // BINFLOAT: big-endian
    {
        const auto bytes = Take(8);
        uint64_t bits = 0;
        for (const char c : bytes)
        {
            bits = bits << 8 | static_cast<uint8_t>(c);
        }
        auto* value = New(Kind::FLOAT);
        std::memcpy(&value->number, &bits, sizeof bits);
        Push(value);
        break;
    }
    case 0x8c: // SHORT_BINUNICODE
        Push(New(Kind::STRING, Take(TakeNumber(1))));
        break;
    case 'X': // BINUNICODE
        Push(New(Kind::STRING, Take(TakeNumber(4))));
        break;
    case 0x8d: // BINUNICODE8
        Push(New(Kind::STRING, Take(TakeNumber(8))));
        break;
    case 'U': // SHORT_BINSTRING: Python 2's str
        Push(New(Kind::STRING, Take(TakeNumber(1))));
        break;
    case 'T': // BINSTRING
        Push(New(Kind::STRING, Take(TakeNumber(4))));
        break;
    case 'C': // SHORT_BINBYTES
        Push(New(Kind::BYTES, Take(TakeNumber(1))));
        break;
    case 'B': // BINBYTES
        Push(New(Kind::BYTES, Take(TakeNumber(4))));
        break;
    case 0x8e: // BINBYTES8
    case 0x96: // BYTEARRAY8
        Push(New(Kind::BYTES, Take(TakeNumber(8))));
        break;

    // --- containers ---
    case ']': // EMPTY_LIST
        Push(New(Kind::LIST));
        break;
    case '}': // EMPTY_DICT
        Push(New(Kind::DICT));
        break;
    case ')': // EMPTY_TUPLE
        Push(New(Kind::TUPLE));
        break;
    case 0x8f: // EMPTY_SET
        Push(New(Kind::SET));
        break;
    case 'l':  // LIST
    case 't':  // TUPLE
    case 0x91: // FROZENSET
    {
        const auto values = PopMark();
        auto* container = New(opcode == 'l' ? Kind::LIST : opcode == 't' ? Kind::TUPLE : Kind::SET);
        AddItems(*container, values.begin(), values.end());
        Push(container);
        break;
    }
    case 'd': // DICT
    {
        const auto values = PopMark();
        auto* dict = New(Kind::DICT);
        SetItems(*dict, values);
        Push(dict);
        break;
    }
    case 0x85: // TUPLE1
        Push(NewTuple({Pop()}));
        break;
    case 0x86: // TUPLE2
    {
        auto* second = Pop();
        auto* first = Pop();
        Push(NewTuple({first, second}));
        break;
    }
    case 0x87: // TUPLE3
    {
        auto* third = Pop();
        auto* second = Pop();
        auto* first = Pop();
        Push(NewTuple({first, second, third}));
        break;
    }
    case 'a': // APPEND
    {
        auto* value = Pop();
        Append(*Top(), {value});
        break;
    }
    case 'e':  // APPENDS
    case 0x90: // ADDITEMS
    {
        const auto values = PopMark();
        Append(*Top(), values);
        break;
    }
    case 's': // SETITEM
    {
        auto* value = Pop();
        auto* key = Pop();
        SetItems(*Top(), {key, value});
        break;
    }
    case 'u': // SETITEMS
    {
        const auto values = PopMark();
        SetItems(*Top(), values);
        break;
    }

    // --- classes and objects ---
    case 'c': // GLOBAL
    {
        const auto module = TakeLine();
        Push(Global(module, TakeLine()));
        break;
    }
    case 0x93: // STACK_GLOBAL
    {
        const auto* name = Pop(Kind::STRING, "a name");
        const auto* module = Pop(Kind::STRING, "a module's name");
        Push(Global(module->text, name->text));
        break;
    }
    case 'i': // INST
    {
        const auto module = TakeLine();
        const auto* type = Global(module, TakeLine());
        Push(Call(*type, NewTuple(PopMark())));
        break;
    }
    case 'o': // OBJ
    {
        auto values = PopMark();
        if (values.empty() || values[0]->kind != Kind::CLASS)
        {
            Fail("an object without a class");
        }
        const auto* type = values[0];
        values.erase(values.begin());
        Push(Call(*type, NewTuple(values)));
        break;
    }
    case 'R':  // REDUCE
    case 0x81: // NEWOBJ
    {
        const auto* args = Pop(Kind::TUPLE, "a tuple of arguments");
        const auto* type = Pop(Kind::CLASS, "a class");
        Push(Call(*type, args));
        break;
    }
    case 0x92: // NEWOBJ_EX
    {
        Pop(Kind::DICT, "a dict of arguments");
        const auto* args = Pop(Kind::TUPLE, "a tuple of arguments");
        const auto* type = Pop(Kind::CLASS, "a class");
        Push(Call(*type, args));
        break;
    }
    case 'b': // BUILD
    {
        const auto* state = Pop();
        auto* object = Top();
        if (object->kind != Kind::OBJECT && object->kind != Kind::DICT &&
            object->kind != Kind::TENSOR && object->kind != Kind::SET)
        {
            Fail("attributes for what is no object");
        }
        object->state = state;
        break;
    }
    case 'Q': // BINPERSID
        Push(Persistent(*Pop()));
        break;

    // --- what PyTorch never writes ---
    case 0x82: // EXT1
    case 0x83: // EXT2
    case 0x84: // EXT4
        throw Error("refused: it names a class by a number of Python's extension registry");
    case 0x97: // NEXT_BUFFER
    case 0x98: // READONLY_BUFFER
        throw Error("refused: it refers to memory outside the file");
    default:
        Fail(Text("instruction 0x",
                  std::hex,
                  std::setw(2),
                  std::setfill('0'),
                  int{opcode},
                  ", which protocols 2 to 5 do not use,"));
    }
    return true;
}
} // namespace limitnet
