// Runs TCPLock:  node tcplock.js MODULE LISTEN_PORT UPSTREAM_PORT CONNECTIONS
//
// It waits for a 'connect' that Node no longer emits on the sockets a server accepts, and so never
// serves anybody; here the event is emitted for it.
const net = require('net');

const [module_, listenPort, upstreamPort, connections] = process.argv.slice(2);
const createServer = net.createServer;
net.createServer = (accept) => createServer.call(net, (connection) => {
  accept(connection);
  connection.emit('connect');
});

const { TCPLock } = require(module_);
new TCPLock({
  listenPort: Number(listenPort),
  localHost: '127.0.0.1',
  proxyPort: Number(upstreamPort),
  proxyHost: '127.0.0.1',
  totalConnections: Number(connections),
});
