//! What can be wrong with a file or with one of its rows: closed lists with stable reasons, and texts that
//! say what to do. The texts name columns, lines and sizes, never a value.

use std::{borrow::Cow, io};

use thiserror::Error;

/// Why a file cannot be read any further. The English text is the `Display`, the Chinese one is [`Problem::message_zh`].
#[derive(Debug, Error)]
pub enum Problem {
    /// Nothing but blanks in it.
    #[error("the file is empty; send a file with a header row and its rows below")]
    EmptyFile,
    /// Bytes that are neither UTF-8, UTF-16 nor GB18030.
    #[error(
        "the text is neither UTF-8, UTF-16 nor GB18030; save the file as \"CSV UTF-8\" and send it again"
    )]
    UnknownEncoding,
    /// The first row holds none of the known column names.
    #[error(
        "the first row names no known column; put the column names of {kind} in the first row, or send a mapping"
    )]
    NoHeader {
        /// Kind of rows expected, such as `customers`.
        kind: &'static str,
    },
    /// Some names are known, but columns without which nothing can be done are missing.
    #[error("the column {} of {kind} is missing; add it, or map one of your columns to it", missing.join(", "))]
    HeaderNotRecognised {
        /// Kind of rows expected.
        kind: &'static str,
        /// Canonical names of the missing columns.
        missing: Vec<&'static str>,
    },
    /// Two columns have one name.
    #[error("two columns are called \"{header}\"; rename or remove one of them")]
    DuplicateHeader {
        /// The name both have.
        header: String,
    },
    /// The mapping names a column that this kind of file does not have.
    #[error(
        "the mapping names the column \"{column}\", which {kind} do not have; use one of: {known}"
    )]
    MappingUnknownColumn {
        /// Kind of rows expected.
        kind: &'static str,
        /// The name that is not known.
        column: String,
        /// The names that are.
        known: String,
    },
    /// The mapping names a header that the file does not have.
    #[error(
        "the mapping takes {column} from \"{header}\", but the file has no such header; correct the mapping"
    )]
    MappingHeaderAbsent {
        /// Canonical column.
        column: String,
        /// Header that was looked for.
        header: String,
    },
    /// More columns than allowed.
    #[error("the file has more than {limit} columns; remove those that are not needed")]
    TooManyColumns {
        /// The bound.
        limit: usize,
    },
    /// A record longer than allowed, such as a file without line ends.
    #[error(
        "the record at line {line} is longer than {limit} bytes; check that rows end with a line break and quotes are closed"
    )]
    LineTooLong {
        /// Line the record starts on.
        line: u64,
        /// The bound in bytes.
        limit: usize,
    },
    /// An XLSX that inflates beyond its bounds.
    #[error("the workbook inflates to more than allowed; split it, or save the sheet as CSV")]
    ZipBomb,
    /// An XLSX with more different texts than may be held.
    #[error("the workbook holds more than {limit} bytes of text; save the sheet as CSV")]
    TooMuchText {
        /// The bound in bytes.
        limit: usize,
    },
    /// Not a readable workbook.
    #[error(
        "the workbook cannot be read ({what}); open it in a spreadsheet program and save it again as .xlsx"
    )]
    BrokenXlsx {
        /// Which part, and how it is broken; nothing that stands in it.
        what: &'static str,
    },
    /// An XLSX sent where only forward reading is possible.
    #[error("a workbook can only be read from a file; store it first, or save the sheet as CSV")]
    XlsxNeedsFile,
    /// Something else: a picture, a PDF, an old workbook, a web page.
    #[error("this is {found}, not a table; save it as CSV (UTF-8) or .xlsx")]
    NotTabular {
        /// What it looks like.
        found: &'static str,
    },
    /// The first line of an NDJSON file is not an object.
    #[error(
        "line {line} is not a JSON object; write one object a line, without commas between them"
    )]
    BadJsonLine {
        /// The line, from 1.
        line: u64,
    },
    /// A checkpoint that lies before what was read, or beyond the file.
    #[error(
        "the checkpoint does not belong to this file; start the import again from the beginning"
    )]
    BadPosition,
    /// The source failed.
    #[error("the file could not be read")]
    Read(#[source] io::Error),
}

impl Problem {
    /// Why, where the reason does not say it all, in words that hold nothing of the file: for logs.
    pub fn cause(&self) -> Option<Cow<'static, str>> {
        match self {
            Self::BrokenXlsx { what: why } | Self::NotTabular { found: why } => {
                Some(Cow::Borrowed(*why))
            }
            Self::Read(error) => Some(Cow::Owned(error.to_string())),
            _ => None,
        }
    }

    /// The stable reason code.
    pub fn reason(&self) -> &'static str {
        match self {
            Self::EmptyFile => "EMPTY_FILE",
            Self::UnknownEncoding => "UNKNOWN_ENCODING",
            Self::NoHeader { .. } => "NO_HEADER",
            Self::HeaderNotRecognised { .. } => "HEADER_NOT_RECOGNISED",
            Self::DuplicateHeader { .. } => "DUPLICATE_HEADER",
            Self::MappingUnknownColumn { .. } => "MAPPING_UNKNOWN_COLUMN",
            Self::MappingHeaderAbsent { .. } => "MAPPING_HEADER_ABSENT",
            Self::TooManyColumns { .. } => "TOO_MANY_COLUMNS",
            Self::LineTooLong { .. } => "LINE_TOO_LONG",
            Self::ZipBomb => "ZIP_BOMB",
            Self::TooMuchText { .. } => "TOO_MUCH_TEXT",
            Self::BrokenXlsx { .. } => "BROKEN_XLSX",
            Self::XlsxNeedsFile => "XLSX_NEEDS_FILE",
            Self::NotTabular { .. } => "NOT_TABULAR",
            Self::BadJsonLine { .. } => "BAD_JSON_LINE",
            Self::BadPosition => "BAD_POSITION",
            Self::Read(_) => "READ_FAILED",
        }
    }

    /// The same text in Chinese.
    pub fn message_zh(&self) -> String {
        match self {
            Self::EmptyFile => "文件是空的；请发送首行为表头、其下为数据的文件".into(),
            Self::UnknownEncoding => {
                "文字编码不是 UTF-8、UTF-16 或 GB18030；请另存为“CSV UTF-8”后重新发送".into()
            }
            Self::NoHeader { kind } => {
                format!("第一行没有任何可识别的列名；请把 {kind} 的列名放在第一行，或提供列映射")
            }
            Self::HeaderNotRecognised { kind, missing } => {
                format!(
                    "{kind} 缺少列 {}；请补上，或把已有的列映射到它",
                    missing.join("、")
                )
            }
            Self::DuplicateHeader { header } => {
                format!("有两列都叫“{header}”；请改名或删除其中一列")
            }
            Self::MappingUnknownColumn {
                kind,
                column,
                known,
            } => {
                format!("映射中的列“{column}”不属于 {kind}；可用的列：{known}")
            }
            Self::MappingHeaderAbsent { column, header } => {
                format!("映射要求 {column} 取自“{header}”，但文件没有这个表头；请更正映射")
            }
            Self::TooManyColumns { limit } => format!("文件超过 {limit} 列；请删除不需要的列"),
            Self::LineTooLong { line, limit } => {
                format!("第 {line} 行的记录超过 {limit} 字节；请检查换行符和引号是否成对")
            }
            Self::ZipBomb => "工作簿解压后过大；请拆分，或把工作表另存为 CSV".into(),
            Self::TooMuchText { limit } => {
                format!("工作簿文字超过 {limit} 字节；请把工作表另存为 CSV")
            }
            Self::BrokenXlsx { what } => {
                format!("工作簿无法读取（{what}）；请用表格软件打开并重新另存为 .xlsx")
            }
            Self::XlsxNeedsFile => "工作簿只能从文件读取；请先保存为文件，或另存为 CSV".into(),
            Self::NotTabular { found } => {
                format!("这不是表格文件（{found}）；请另存为 CSV（UTF-8）或 .xlsx")
            }
            Self::BadJsonLine { line } => {
                format!("第 {line} 行不是 JSON 对象；每行写一个对象，行间不加逗号")
            }
            Self::BadPosition => "断点不属于这个文件；请从头重新导入".into(),
            Self::Read(_) => "文件读取失败".into(),
        }
    }
}

impl From<io::Error> for Problem {
    fn from(source: io::Error) -> Self {
        Self::Read(source)
    }
}

/// What is wrong with one row. The rows after it are read on.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum RowFault {
    /// More or fewer fields than headers.
    #[error(
        "the row has {found} fields where the header has {expected}; quote fields that contain the separator, or fill in the missing ones"
    )]
    WrongWidth {
        /// Columns of the header.
        expected: usize,
        /// Fields of the row.
        found: usize,
    },
    /// Bytes that are no text in the file's encoding.
    #[error(
        "the row has bytes that are not text in the file's encoding; type the damaged text again"
    )]
    BadBytes,
    /// A quote that is not closed before the record grows too long or the file ends.
    #[error(
        "a quotation mark is opened but not closed; close it, or double it if it is part of the text"
    )]
    UnclosedQuote,
    /// A field longer than allowed.
    #[error("the field in column {column} is longer than {limit} bytes; shorten it")]
    FieldTooLong {
        /// The column, from 1.
        column: usize,
        /// The bound in bytes.
        limit: usize,
    },
    /// A line of NDJSON that is not an object.
    #[error("the line is not a JSON object; write one object a line")]
    BadJsonLine,
    /// A key twice in one object.
    #[error("the object has the key of column {column} twice; keep one")]
    DuplicateKey {
        /// The column, from 1.
        column: usize,
    },
    /// More different keys than the file may have columns.
    #[error("the file has more than {limit} different keys; remove those that are not needed")]
    TooManyKeys {
        /// The bound.
        limit: usize,
    },
    /// An object or array where text is wanted.
    #[error("{column} is an object or a list; give plain text or a number")]
    NestedValue {
        /// Canonical column.
        column: &'static str,
    },
    /// Money in another currency than the one that is kept.
    #[error("{column} is in another currency; give the amount in CNY")]
    CurrencyForeign {
        /// Canonical column.
        column: &'static str,
    },
}

impl RowFault {
    /// The stable reason code.
    pub fn reason(&self) -> &'static str {
        match self {
            Self::WrongWidth { .. } => "WRONG_WIDTH",
            Self::BadBytes => "BAD_BYTES",
            Self::UnclosedQuote => "UNCLOSED_QUOTE",
            Self::FieldTooLong { .. } => "FIELD_TOO_LONG",
            Self::BadJsonLine => "BAD_JSON_LINE",
            Self::DuplicateKey { .. } => "DUPLICATE_KEY",
            Self::TooManyKeys { .. } => "TOO_MANY_COLUMNS",
            Self::NestedValue { .. } => "NESTED_VALUE",
            Self::CurrencyForeign { .. } => "CURRENCY_FOREIGN",
        }
    }

    /// The same text in Chinese.
    pub fn message_zh(&self) -> String {
        match self {
            Self::WrongWidth { expected, found } => {
                format!(
                    "该行有 {found} 个字段，表头有 {expected} 列；含分隔符的字段请加引号，缺少的请补上"
                )
            }
            Self::BadBytes => "该行有不属于文件编码的字节；请重新输入损坏的文字".into(),
            Self::UnclosedQuote => "引号没有成对；请补上，若引号是内容的一部分请写两个".into(),
            Self::FieldTooLong { column, limit } => {
                format!("第 {column} 列超过 {limit} 字节；请缩短")
            }
            Self::BadJsonLine => "该行不是 JSON 对象；每行写一个对象".into(),
            Self::DuplicateKey { column } => format!("第 {column} 列的键出现两次；请保留一个"),
            Self::TooManyKeys { limit } => format!("文件的键超过 {limit} 个；请删除不需要的"),
            Self::NestedValue { column } => format!("{column} 是对象或列表；请写文字或数字"),
            Self::CurrencyForeign { column } => {
                format!("{column} 不是人民币金额；请换算成人民币（CNY）")
            }
        }
    }
}

/// A row that cannot be used, and where it stands.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("line {line}: {fault}")]
pub struct RowProblem {
    /// Line the row starts on, from 1.
    pub line: u64,
    /// What is wrong with it.
    pub fault: RowFault,
}

impl RowProblem {
    /// The stable reason code.
    pub fn reason(&self) -> &'static str {
        self.fault.reason()
    }
}
