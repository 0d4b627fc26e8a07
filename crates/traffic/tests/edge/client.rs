//! Users: one that keeps its connection, one that opens a new one for every request.

use bytes::Bytes;
use http::{Method, Request, Response, StatusCode};
use http_body_util::{BodyExt, Full};
use hyper::client::conn::http1::{self, SendRequest};
use hyper_util::rt::TokioIo;
use std::net::SocketAddr;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

pub type Answer = (StatusCode, String);

pub struct KeepAlive {
    sender: SendRequest<Full<Bytes>>,
}

impl KeepAlive {
    pub async fn open(address: SocketAddr) -> Self {
        Self::try_open(address).await.expect("a connection to the edge")
    }

    pub async fn try_open(address: SocketAddr) -> Result<Self, String> {
        let stream = TcpStream::connect(address).await.map_err(|error| error.to_string())?;
        let handshake = http1::handshake(TokioIo::new(stream)).await;
        let (sender, connection) = handshake.map_err(|error| error.to_string())?;
        tokio::spawn(connection);
        Ok(Self { sender })
    }

    pub async fn send(&mut self, method: Method, path: &str, body: &str) -> Result<Answer, String> {
        let response = self.head(method, path, body).await?;
        let status = response.status();
        let body = response.into_body().collect().await.map_err(|error| error.to_string())?;
        Ok((status, String::from_utf8_lossy(&body.to_bytes()).into_owned()))
    }

    pub async fn head(
        &mut self,
        method: Method,
        path: &str,
        body: &str,
    ) -> Result<Response<hyper::body::Incoming>, String> {
        let body = Full::new(Bytes::from(body.to_owned()));
        let request = Request::builder().method(method).uri(path).header("host", "shop");
        let request = request.body(body).expect("a request");
        self.sender.ready().await.map_err(|error| error.to_string())?;
        self.sender.send_request(request).await.map_err(|error| error.to_string())
    }

    pub async fn get(&mut self, path: &str) -> Answer {
        self.send(Method::GET, path, "").await.expect("an answer")
    }
}

/// One request on a connection of its own.
pub async fn get(address: SocketAddr, path: &str) -> Answer {
    KeepAlive::open(address).await.get(path).await
}

pub async fn post(address: SocketAddr, path: &str, body: &str) -> Answer {
    let mut client = KeepAlive::open(address).await;
    client.send(Method::POST, path, body).await.expect("an answer")
}

/// Bytes as they are; the answer until the edge closes.
pub async fn raw(address: SocketAddr, bytes: &[u8]) -> String {
    let mut stream = TcpStream::connect(address).await.expect("a connection to the edge");
    stream.write_all(bytes).await.expect("the edge reads");
    let mut answer = Vec::new();
    let _reset = stream.read_to_end(&mut answer).await;
    String::from_utf8_lossy(&answer).into_owned()
}
