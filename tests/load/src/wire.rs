//! One connection of HTTP/1.1, as bare as a generator needs it.

use std::{io, net::SocketAddr};

use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
};

/// What came back.
#[derive(Debug)]
pub struct Exchanged {
    /// HTTP status.
    pub status: u16,
    /// The body, with its chunks' lengths still in it if it came in chunks.
    pub body: Vec<u8>,
}

/// A caller's connection, opened when it is needed and again when it was closed.
#[derive(Debug)]
pub struct Wire {
    server: SocketAddr,
    stream: Option<TcpStream>,
    buffer: Vec<u8>,
}

/// Where the head of an answer says that its body ends.
enum Body {
    Length(usize),
    Chunks,
}

struct Head {
    status: u16,
    /// Bytes of the head with its empty line.
    length: usize,
    body: Body,
    closes: bool,
}

impl Wire {
    /// No connection yet.
    pub const fn new(server: SocketAddr) -> Self {
        Self {
            server,
            stream: None,
            buffer: Vec::new(),
        }
    }

    /// Sends a request and reads the answer. A kept connection that ends before the first byte of an answer was closed while nobody
    /// used it: the request is sent once more on a new one, as every client of HTTP does (RFC 9110, 9.2.2); all requests here
    /// may be sent twice, by their method or by their key.
    ///
    /// # Errors
    /// If the connection cannot be had, ends early, or brings no HTTP.
    pub async fn exchange(&mut self, request: &[u8]) -> io::Result<Exchanged> {
        if self.stream.is_some() {
            match self.attempt(request).await {
                Err(_) if self.buffer.is_empty() => self.stream = None,
                done => return done,
            }
        }
        let stream = TcpStream::connect(self.server).await?;
        stream.set_nodelay(true)?;
        self.stream = Some(stream);
        self.attempt(request).await
    }

    async fn attempt(&mut self, request: &[u8]) -> io::Result<Exchanged> {
        self.buffer.clear();
        // Taken out, so that a connection whose exchange was broken off is not used again.
        let mut stream = self.stream.take().ok_or(io::ErrorKind::NotConnected)?;
        stream.write_all(request).await?;
        let head = loop {
            self.read(&mut stream).await?;
            if let Some(head) = head(&self.buffer)? {
                break head;
            }
        };
        let end = match head.body {
            Body::Length(length) => {
                while self.buffer.len() < head.length + length {
                    self.read(&mut stream).await?;
                }
                head.length + length
            }
            Body::Chunks => {
                while !self.buffer.ends_with(b"0\r\n\r\n") {
                    self.read(&mut stream).await?;
                }
                self.buffer.len()
            }
        };
        if !head.closes {
            self.stream = Some(stream);
        }
        Ok(Exchanged {
            status: head.status,
            body: self.buffer[head.length..end].to_vec(),
        })
    }

    async fn read(&mut self, stream: &mut TcpStream) -> io::Result<()> {
        self.buffer.reserve(8 * 1024);
        match stream.read_buf(&mut self.buffer).await? {
            0 => Err(io::ErrorKind::UnexpectedEof.into()),
            _ => Ok(()),
        }
    }
}

/// The head of an answer, once all of it is there.
fn head(bytes: &[u8]) -> io::Result<Option<Head>> {
    let Some(end) = bytes.windows(4).position(|four| four == b"\r\n\r\n") else {
        return Ok(None);
    };
    let malformed = || io::Error::new(io::ErrorKind::InvalidData, "no answer of HTTP/1.1");
    let text = std::str::from_utf8(&bytes[..end]).map_err(|_| malformed())?;
    let mut lines = text.split("\r\n");
    let status = lines.next().and_then(|line| line.get(9..12));
    let mut head = Head {
        status: status
            .and_then(|status| status.parse().ok())
            .ok_or_else(malformed)?,
        length: end + 4,
        body: Body::Length(0),
        closes: false,
    };
    for (name, value) in lines.filter_map(|line| line.split_once(':')) {
        let value = value.trim();
        if name.eq_ignore_ascii_case("content-length") {
            head.body = Body::Length(value.parse().map_err(|_| malformed())?);
        } else if name.eq_ignore_ascii_case("transfer-encoding") {
            head.body = Body::Chunks;
        } else if name.eq_ignore_ascii_case("connection") {
            head.closes = value.eq_ignore_ascii_case("close");
        }
    }
    Ok(Some(head))
}

#[cfg(test)]
mod tests {
    use tokio::net::TcpListener;

    use super::*;

    #[tokio::test]
    async fn an_answer_in_pieces_is_read_whole_and_a_closed_connection_is_opened_again() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let mut wire = Wire::new(listener.local_addr().unwrap());
        let serving = tokio::spawn(async move {
            for _ in 0..2 {
                let (mut caller, _) = listener.accept().await.unwrap();
                let mut asked = [0; 64];
                let _ = caller.read(&mut asked).await.unwrap();
                for piece in [
                    "HTTP/1.1 503 Un",
                    "available\r\nContent-Le",
                    "ngth: 4\r\n\r\nno",
                    "pe",
                ] {
                    caller.write_all(piece.as_bytes()).await.unwrap();
                    caller.flush().await.unwrap();
                    tokio::task::yield_now().await;
                }
                // Closed without a word, though the answer did not say so.
            }
        });
        for _ in 0..2 {
            let answer = wire.exchange(b"GET / HTTP/1.1\r\n\r\n").await.unwrap();
            assert_eq!((answer.status, &answer.body[..]), (503, &b"nope"[..]));
        }
        serving.await.unwrap();
    }
}
