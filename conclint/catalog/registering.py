"""The names that register callables, with those that call what was registered.

The files of the catalog state them, and are read one by one as a program turns out to use their libraries.
What must be known before (which calls are worth a look, what an edit reaches) stands here too: a test makes
sure that it is the same.
"""

from __future__ import annotations

from typing import Final

_TABLE: Final = (
    ("cancel set_exception set_result", "add_done_callback"),
    ("commit flush", "listen listens_for"),
    (
        "connect disconnect loop_read publish reconnect subscribe unsubscribe",
        "on_socket_register_write",
    ),
    ("connect loop_forever reconnect", "on_socket_open"),
    ("connect reconnect", "on_pre_connect"),
    ("emit", "add_listener listens_to on once"),
    (
        "loop loop_forever loop_misc loop_read loop_start loop_write",
        "connect_callback connect_fail_callback disconnect_callback log_callback message_callback "
        "message_callback_add on_connect on_connect_fail on_disconnect on_log on_message on_publish "
        "on_subscribe on_unsubscribe publish_callback subscribe_callback topic_callback unsubscribe_callback",
    ),
    ("loop_misc loop_read loop_write reconnect", "on_socket_close on_socket_unregister_write"),
    ("run_all run_pending", "do repeat"),
    (
        "run_forever",
        "WebSocketApp on_close on_cont_message on_data on_message on_open on_ping on_pong on_reconnect",
    ),
    ("send send_robust", "connect connect_via connected_to receiver"),
    ("sendMessage", "subscribe"),
)


def _read() -> dict[str, frozenset[str]]:
    found: dict[str, frozenset[str]] = {}
    for running, names in _TABLE:
        for name in names.split():
            found[name] = found.get(name, frozenset()) | frozenset(running.split())
    return found


RUN_BY: Final = _read()
"""By the name that registers (a function's, a method's, a class's, or that of an attribute that is assigned),
the names of what runs what it registered."""

ACCESSED: Final = frozenset(
    {
        "archive_status", "attributes", "block_number", "cache_control", "chain_id", "content_disposition",
        "content_encoding", "content_language", "content_length", "content_type", "creation_date",
        "creation_date_time", "e_tag", "expiration", "gas_price", "image_id", "instance_type", "item_count",
        "last_modified", "launch_time", "metadata", "on_close", "on_connect", "on_connect_fail",
        "on_cont_message", "on_data", "on_disconnect", "on_log", "on_message", "on_open", "on_ping",
        "on_pong", "on_pre_connect", "on_publish", "on_reconnect", "on_socket_close", "on_socket_open",
        "on_socket_register_write", "on_socket_unregister_write", "on_subscribe", "on_unsubscribe",
        "private_ip_address", "provisioned_throughput", "public_dns_name", "public_ip_address", "size",
        "stack_status", "state", "storage_class", "streams", "table_arn", "table_size_bytes",
        "table_status", "version_id", "when_activated", "when_dark", "when_deactivated", "when_held",
        "when_in_range", "when_light", "when_line", "when_motion", "when_no_line", "when_no_motion",
        "when_out_of_range", "when_pressed", "when_released", "when_rotated", "when_rotated_clockwise",
        "when_rotated_counter_clockwise",
    }
)  # fmt: skip
"""The attributes that do something when they are read or assigned, of whatever class."""
REGISTERING_MODULES: Final = frozenset({"django.dispatch", "sqlalchemy.event"})
"""The modules whose functions register with an object that they are given: a file that imports one may
register something with an object of any other file."""
