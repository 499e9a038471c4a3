-- wrk: acquire and release in turn, over the peers in a file.
--   wrk -s pairs.lua URL -- FILE_OF_IDS START
-- wrk does not say for which connection it wants a request, so the release of a peer follows its
-- acquire at a distance: in between, more requests were sent than there are connections, so the
-- acquire has been answered by then, and throttle_grants_total counts each. Run with one thread.
local WINDOW = 512
local ids, count, at, window = {}, 0, 0, WINDOW
local acquire_tail, release_tail
local acquire_next = false

function init(arguments)
  for id in io.lines(arguments[1]) do
    count = count + 1
    ids[count] = id
  end
  at = tonumber(arguments[2]) % count
  window = math.min(WINDOW, math.floor(count / 2))
  local headers = " HTTP/1.1\r\nHost: " .. wrk.host
  acquire_tail = "/jobs" .. headers
    .. "\r\nContent-Type: application/json\r\nContent-Length: 1\r\n\r\n1"
  release_tail = "/jobs" .. headers .. "\r\nContent-Length: 0\r\n\r\n"
end

function request()
  acquire_next = not acquire_next
  if acquire_next then
    at = at % count + 1
    return "PUT /peers/" .. ids[at] .. acquire_tail
  end
  return "DELETE /peers/" .. ids[(at - window - 1) % count + 1] .. release_tail
end
