import { playwright } from '@vitest/browser-playwright';
import { defineConfig } from 'vitest/config';
import { wgslPlugin } from './src/build/wgslPlugin.ts';

export default defineConfig({
  plugins: [wgslPlugin()],
  test: {
    projects: [
      { extends: true, test: { name: 'unit', include: ['test/unit/**/*.test.ts'], environment: 'node' } },
      {
        extends: true,
        test: {
          name: 'gpu',
          include: ['test/gpu/**/*.test.ts'],
          isolate: false,
          fileParallelism: false,
          browser: {
            enabled: true,
            headless: true,
            screenshotFailures: false,
            provider: playwright({
              launchOptions: { executablePath: '/usr/bin/chromium', args: ['--no-sandbox','--enable-unsafe-webgpu','--use-webgpu-adapter=swiftshader','--disable-background-networking','--disable-component-update','--disable-sync','--no-first-run','--disable-quic'] },
            }),
            instances: [{ browser: 'chromium' }],
          },
        },
      },
    ],
  },
});
