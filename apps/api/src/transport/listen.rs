//! From a socket to the application.
//!
//! This is what `actix_web::HttpServer` does, from the same parts, but for one thing: that one hands sockets to HTTP as they
//! are, and here each is a [`Connection`], which has a limit to its patience.

use std::fmt;
use std::io;
use std::net::{SocketAddr, TcpListener};
use std::time::Duration;

use actix_http::error::DispatchError;
use actix_http::{HttpServiceBuilder, Request};
use actix_service::{IntoServiceFactory, ServiceFactoryExt as _, map_config};
use actix_web::body::MessageBody;
use actix_web::dev::{AppConfig, Server, Service, ServiceFactory, ServiceResponse, fn_service};
use actix_web::{Error, HttpResponse};
use tokio::net::{TcpSocket, TcpStream};

use super::connection::{Connection, Entrance};
use super::patience::Patience;
use super::tls::Tls;
use crate::config::Settings;

/// How long a client has to close its end, or to send what is left of a body that nobody wants.
const DISCONNECT_TIMEOUT: Duration = Duration::from_secs(1);

/// More of an answer is only put into a connection's buffer when it holds less than this. If it were filled up whenever a
/// little has gone, it would grow with each copy.
const LITTLE: usize = 4 * 1024;

/// How many connections wait to be accepted.
const BACKLOG: u32 = 1024;

/// Takes an address. Connections wait there until [`serve`] takes them.
pub(crate) fn listen(address: SocketAddr) -> io::Result<TcpListener> {
    let socket = if address.is_ipv4() { TcpSocket::new_v4() } else { TcpSocket::new_v6() }?;
    // A server that starts again need not wait for the last connections of the one before to be forgotten.
    socket.set_reuseaddr(cfg!(unix))?;
    socket.bind(address)?;
    socket.listen(BACKLOG)?.into_std()
}

/// Serves an application to all who come.
pub(crate) fn serve<A, I, S, B>(
    listener: TcpListener,
    settings: &Settings,
    tls: Option<&Tls>,
    app: A,
) -> io::Result<Server>
where
    A: Fn() -> I + Clone + Send + 'static,
    I: IntoServiceFactory<S, Request>,
    S: ServiceFactory<Request, Config = AppConfig, Response = ServiceResponse<B>, Error = Error> + 'static,
    S::Future: 'static,
    S::InitError: fmt::Debug,
    <S::Service as Service<Request>>::Future: 'static,
    B: MessageBody + 'static,
{
    let transport = &settings.transport;
    let (head, request, keep_alive) =
        (transport.head_timeout, settings.request_timeout, transport.keep_alive);
    let entrance = Entrance {
        tls: tls.map(Tls::acceptor),
        // Each is above what HTTP and the application allow, so that those who can still be told are told.
        patience: Patience::new(
            keep_alive.max(request) + DISCONNECT_TIMEOUT,
            head + request + DISCONNECT_TIMEOUT,
            transport.write_timeout,
        ),
        handshake_timeout: head,
    };
    let workers = settings.workers.get();
    let server = Server::build()
        .workers(workers)
        .max_concurrent_connections(transport.max_connections.get().div_ceil(workers))
        .shutdown_timeout(settings.shutdown_timeout.as_secs())
        .disable_signals();
    let stopping = server.graceful_shutdown_signal();
    let server = server.listen("http", listener, move || {
        let (entrance, stopping) = (entrance.clone(), stopping.clone());
        let app = app().into_factory().map_err(HttpResponse::from_error);
        let http = HttpServiceBuilder::<Connection, _>::default()
            .graceful_shutdown_signal(move || {
                let stopping = stopping.clone();
                async move { stopping.notified().await }
            })
            .on_connect_ext(|connection: &Connection, known| {
                known.insert(connection.ahead());
            })
            .h1_write_buffer_size(LITTLE)
            .client_request_timeout(head)
            .client_disconnect_timeout(DISCONNECT_TIMEOUT)
            .keep_alive(keep_alive)
            .h1::<_, B>(map_config(app, |()| AppConfig::default()));
        fn_service(move |socket: TcpStream| {
            let entrance = entrance.clone();
            async move { entrance.admit(socket).await.map_err(DispatchError::Io) }
        })
        .and_then(http)
    })?;
    Ok(server.run())
}
