/** Web Mercator with the world as a unit square, for the thousands of points that Leaflet's own objects would make slow. */

export const worldX = (lon: number) => (lon + 180) / 360

export function worldY(lat: number): number {
  const sine = Math.sin((lat * Math.PI) / 180)
  return 0.5 - Math.log((1 + sine) / (1 - sine)) / (4 * Math.PI)
}

export const lonAt = (x: number) => x * 360 - 180

export const latAt = (y: number) => (Math.atan(Math.sinh(Math.PI * (1 - 2 * y))) * 180) / Math.PI
