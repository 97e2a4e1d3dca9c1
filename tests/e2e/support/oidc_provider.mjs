// An OAuth server that nobody here wrote: npm's oidc-provider, as it comes. Its clients, scopes and policies are what a real one
// would be told; its pages to sign in and to consent are its own, and take any name and password.
//
//   node oidc_provider.mjs <folder with node_modules> <file for its URL> <settings in JSON>
import { rename, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { pathToFileURL } from 'node:url';

const [folder, file, settings] = process.argv.slice(2);
const { default: Provider } = await import(pathToFileURL(`${folder}/node_modules/oidc-provider/lib/index.js`).href);
const { clients, tokenSeconds } = JSON.parse(settings);

const server = createServer();
server.listen(0, '127.0.0.1', async () => {
  const issuer = `http://127.0.0.1:${server.address().port}`;
  const provider = new Provider(issuer, {
    clients,
    scopes: ['openid', 'offline_access', 'database'],
    features: {
      clientCredentials: { enabled: true },
      deviceFlow: { enabled: true },
      introspection: { enabled: true, allowedPolicy: () => true },
    },
    pkce: { methods: ['S256'], required: () => true },
    rotateRefreshToken: true,
    ttl: { AccessToken: tokenSeconds, ClientCredentials: tokenSeconds, DeviceCode: 600, Grant: 3600, Interaction: 600, RefreshToken: 3600, Session: 3600 },
  });
  provider.on('server_error', (_, error) => console.error(error));
  server.on('request', provider.callback());
  await writeFile(`${file}.new`, issuer);
  await rename(`${file}.new`, file);
});
