# The gateway's health check, with what its image has: whether nginx answers 200 on /_/health (or the path that is given).
exec 3<>"/dev/tcp/127.0.0.1/${FREEHOLD_PORT:-8080}" || exit 1
printf 'GET %s HTTP/1.0\r\nHost: health\r\n\r\n' "${1:-/_/health}" >&3
read -r -t 4 _ status _ <&3
[ "$status" = 200 ]
