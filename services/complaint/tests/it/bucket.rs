//! An S3-compatible store of one bucket, as little of it as files need: PUT and GET of one object, signed requests only.

use std::{
    collections::HashMap,
    net::SocketAddr,
    sync::{Arc, Mutex},
};

use tokio::{
    io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader},
    net::{TcpListener, TcpStream},
};

/// Objects by path.
type Objects = Arc<Mutex<HashMap<String, Vec<u8>>>>;

/// A bucket that ends with the test.
pub(crate) struct Bucket {
    pub(crate) address: SocketAddr,
    pub(crate) objects: Objects,
}

impl Bucket {
    pub(crate) async fn open() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let bucket = Self {
            address: listener.local_addr().unwrap(),
            objects: Objects::default(),
        };
        let objects = Arc::clone(&bucket.objects);
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(serve(stream, Arc::clone(&objects)));
            }
        });
        bucket
    }
}

async fn serve(stream: TcpStream, objects: Objects) {
    let mut stream = BufReader::new(stream);
    while let Some((method, path, headers)) = head(&mut stream).await {
        let length = headers
            .get("content-length")
            .map_or(0, |text| text.parse().unwrap());
        let mut body = vec![0; length];
        stream.read_exact(&mut body).await.unwrap();
        let is_signed = headers
            .get("authorization")
            .is_some_and(|text| text.starts_with("AWS4-HMAC-SHA256 Credential=an-id/"));
        let (status, answer) = match method.as_str() {
            _ if !is_signed => ("403 Forbidden", Vec::new()),
            "PUT" => {
                objects.lock().unwrap().insert(path, body);
                ("200 OK", Vec::new())
            }
            "GET" => match objects.lock().unwrap().get(&path) {
                Some(object) => ("200 OK", object.clone()),
                None => ("404 Not Found", Vec::new()),
            },
            _ => ("405 Method Not Allowed", Vec::new()),
        };
        let told = format!(
            "HTTP/1.1 {status}\r\ncontent-length: {}\r\netag: \"1\"\r\nlast-modified: Mon, 02 Mar 2026 02:00:00 GMT\r\n\r\n",
            answer.len()
        );
        stream.write_all(told.as_bytes()).await.unwrap();
        stream.write_all(&answer).await.unwrap();
        stream.flush().await.unwrap();
    }
}

/// Method, path and headers of the next request; nothing at the end of the connection.
async fn head(
    stream: &mut BufReader<TcpStream>,
) -> Option<(String, String, HashMap<String, String>)> {
    let mut line = String::new();
    if stream.read_line(&mut line).await.ok()? == 0 {
        return None;
    }
    let mut words = line.split_whitespace().map(str::to_owned);
    let (method, path) = (words.next()?, words.next()?);
    let mut headers = HashMap::new();
    loop {
        let mut line = String::new();
        stream.read_line(&mut line).await.ok()?;
        match line.trim().split_once(':') {
            None => return Some((method, path, headers)),
            Some((name, value)) => {
                headers.insert(name.to_lowercase(), value.trim().to_owned());
            }
        }
    }
}
