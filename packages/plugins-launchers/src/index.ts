import { definePlugin } from '@privatesnn/core';

export default definePlugin({
  name: '@privatesnn/plugins-launchers',
  launchers: [],
});
