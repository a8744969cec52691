import protobuf from 'protobufjs/minimal.js';

/*
 * The wire format of protocol buffers: protobufjs reads the numbers, this file the fields of a message. Fields of bytes
 * are views of the file, so that weights are not copied before they are used.
 */

/** How a field is stored: the wire types of protocol buffers. */
const wire = { varint: 0, bytes: 2, fixed32: 5 } as const;

/** What is done with a field of a message, by its number. */
export type Fields = Readonly<Record<number, (value: Value) => void>>;

/** The value of a field, read by the one who knows its type. */
export interface Value {
  /** A whole number; beyond 2⁵³ the nearest double. */
  int(): number;
  float(): number;
  text(): string;
  /** A view of the file. */
  bytes(): Uint8Array;
  /** A nested message. */
  message(fields: Fields): void;
  /** Adds one number, or many that are packed. */
  ints(to: number[]): void;
  floats(to: number[]): void;
}

/**
 * Reads a message field by field; those of other numbers are passed over.
 *
 * @throws Error where the bytes are no message, or a field has another type than is asked for
 */
export function readMessage(bytes: Uint8Array, fields: Fields): void {
  const reader = protobuf.Reader.create(bytes);
  while (reader.pos < reader.len) {
    const tag = reader.uint32();
    const [number, type] = [tag >>> 3, tag & 7];
    const field = fields[number];
    if (field) field(value(reader, number, type));
    else reader.skipType(type, 0, number);
  }
}

function value(reader: protobuf.Reader, number: number, type: number): Value {
  const expect = (wanted: number) => {
    if (type === wanted) return;
    throw new Error(`field ${number} has the wire type ${type}, not ${wanted}`);
  };
  const bytes = () => {
    expect(wire.bytes);
    return reader.bytes();
  };
  const repeated = (to: number[], one: number, read: (from: protobuf.Reader) => number) => {
    if (type !== wire.bytes) {
      expect(one);
      to.push(read(reader));
      return;
    }
    const packed = protobuf.Reader.create(bytes());
    while (packed.pos < packed.len) to.push(read(packed));
  };
  return {
    int: () => {
      expect(wire.varint);
      return int64(reader);
    },
    float: () => {
      expect(wire.fixed32);
      return reader.float();
    },
    text: () => {
      expect(wire.bytes);
      return reader.string();
    },
    bytes,
    message: (fields) => readMessage(bytes(), fields),
    ints: (to) => repeated(to, wire.varint, int64),
    floats: (to) => repeated(to, wire.fixed32, (from) => from.float()),
  };
}

function int64(reader: protobuf.Reader): number {
  const read: unknown = reader.int64();
  return typeof read === 'number' ? read : (read as { toNumber(): number }).toNumber();
}

/** The whole numbers of a packed field, at most `limit`. */
export function packedInts(bytes: Uint8Array, limit: number): number[] {
  const reader = protobuf.Reader.create(bytes);
  const found: number[] = [];
  while (reader.pos < reader.len && found.length < limit) found.push(int64(reader));
  return found;
}
