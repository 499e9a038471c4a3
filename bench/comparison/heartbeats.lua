-- wrk: heartbeats of the peers in a file, one after the other.
--   wrk -s heartbeats.lua URL -- FILE_OF_IDS START
local ids, count, at = {}, 0, 0
local head, tail

function init(arguments)
  for id in io.lines(arguments[1]) do
    count = count + 1
    ids[count] = id
  end
  at = tonumber(arguments[2]) % count
  local body = '{"expires_in": "3600000ms"}'
  head = "PUT /peers/"
  tail = " HTTP/1.1\r\nHost: " .. wrk.host .. "\r\nContent-Type: application/json\r\nContent-Length: "
    .. #body .. "\r\n\r\n" .. body
end

function request()
  at = at % count + 1
  return head .. ids[at] .. tail
end
