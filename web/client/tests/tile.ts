/** Writes tiles as the server does, so that decoding is tested on real bytes. */
import { PbfWriter } from 'pbf'

type Ring = [number, number][]
export interface Drawn { code: string; name: string; rings: Ring[] }
export interface Labelled { code: string; name: string; tier: string; at: [number, number] }

export function writeTile(tiers: Record<string, Drawn[]>, labels: Labelled[] = []): ArrayBuffer {
  const tile = new PbfWriter()
  for (const [tier, regions] of Object.entries(tiers))
    writeLayer(tile, tier, 3, regions.map(({ code, name, rings }) => ({ properties: { code, name }, commands: polygon(rings) })))
  if (labels.length)
    writeLayer(tile, 'labels', 1, labels.map(({ at, ...properties }) => ({ properties, commands: [9, zigzag(at[0]), zigzag(at[1])] })))
  return bytesOf(tile)
}

export interface GroundFeature { properties: Record<string, string | number | boolean>; line: Ring }

/** A tile of the base map, all of it as lines or points: what a shape is made of does not matter to its decoding. */
export function writeGround(layers: Record<string, GroundFeature[]>): ArrayBuffer {
  const tile = new PbfWriter()
  for (const [name, features] of Object.entries(layers)) {
    const type = features[0].line.length > 1 ? 2 : 1
    writeLayer(tile, name, type, features.map(({ properties, line }) => ({ properties, commands: lineOf(line) })))
  }
  return bytesOf(tile)
}

function bytesOf(tile: PbfWriter): ArrayBuffer {
  const bytes = tile.finish()
  return bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength) as ArrayBuffer
}

const lineOf = (line: Ring) => polygon([line]).slice(0, -1)

const zigzag = (value: number) => (value << 1) ^ (value >> 31)

function polygon(rings: Ring[]): number[] {
  const commands: number[] = []
  let [x, y] = [0, 0]
  for (const ring of rings) {
    ring.forEach(([px, py], i) => {
      if (i === 0) commands.push(9)
      if (i === 1) commands.push(((ring.length - 1) << 3) | 2)
      commands.push(zigzag(px - x), zigzag(py - y))
      ;[x, y] = [px, py]
    })
    commands.push(15)
  }
  return commands
}

function writeLayer(tile: PbfWriter, name: string, type: number, features: { properties: object; commands: number[] }[]) {
  const keys = Object.keys(features[0].properties)
  const values = features.flatMap(({ properties }) => Object.values(properties) as (string | number | boolean)[])
  tile.writeMessage(3, (_, layer) => {
    layer.writeVarintField(15, 2)
    layer.writeStringField(1, name)
    features.forEach(({ commands }, i) =>
      layer.writeMessage(2, (__, feature) => {
        feature.writePackedVarint(2, keys.flatMap((___, key) => [key, i * keys.length + key]))
        feature.writeVarintField(3, type)
        feature.writePackedVarint(4, commands)
      }, null))
    keys.forEach((key) => layer.writeStringField(3, key))
    values.forEach((value) => layer.writeMessage(4, (given, message) => {
      if (typeof given === 'string') message.writeStringField(1, given)
      else if (typeof given === 'number') message.writeSVarintField(6, given)
      else message.writeBooleanField(7, given)
    }, value))
    layer.writeVarintField(5, 4096)
  }, null)
}
