import { copyFileSync, mkdirSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import vue from '@vitejs/plugin-vue'
import { defineConfig, type Plugin } from 'vite'

const here = (path: string) => fileURLToPath(new URL(path, import.meta.url))

/** Reports handed out as one HTML file carry Leaflet inside them; the map room takes it from here. */
const leafletForReports: Plugin = {
  name: 'leaflet-for-reports',
  apply: 'build',
  closeBundle() {
    const assets = here('../../layers/assets')
    mkdirSync(assets, { recursive: true })
    for (const file of ['leaflet.js', 'leaflet.css'])
      copyFileSync(here(`node_modules/leaflet/dist/${file}`), `${assets}/${file}`)
  },
}

export default defineConfig({
  base: '/',
  plugins: [vue(), leafletForReports],
  worker: { format: 'es' },
  build: {
    outDir: here('../static'),
    emptyOutDir: true,
    target: 'es2023',
    chunkSizeWarningLimit: 900,
  },
  server: { proxy: { '/api': process.env.CITYBRAIN_API ?? 'http://127.0.0.1:8000' } },
})
