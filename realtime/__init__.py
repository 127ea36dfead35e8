"""The websocket relay: carries what the realtime log says to the people it is for. It holds no business rule."""
