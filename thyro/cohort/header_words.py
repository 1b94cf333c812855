"""What the name of a column says: words of English, Chinese and German for each role.

The words are data, in one place. A word of five Latin letters or more counts wherever it stands in
a part of the name ("metasta" in "Lymphknotenmetastase"); a shorter one has to be a part of its own
("id" in "patient_ID", not in "width"). Chinese has no spaces: its words count wherever they stand.
"""

import re
import unicodedata

FREE = 5  # letters of a word that need not be a part of its own

WORDS: dict[str, tuple[str, ...]] = {
    "name": (
        *("name", "surname", "firstname", "lastname", "initials", "phone", "telephone", "address"),
        *("email", "姓名", "名字", "电话", "手机", "住址", "地址", "身份证", "vorname", "nachname"),
        *("telefon", "anschrift"),
    ),
    "birth": ("birth", "dob", "born", "出生", "生日", "geburt", "geb"),
    "mask": (
        *("mask", "maske", "seg", "segmentation", "roi", "contour", "annotation", "outline"),
        *("掩膜", "掩码", "标注", "分割", "勾画"),
    ),
    "image": (
        *("image", "img", "picture", "file", "filename", "dicom", "path", "bild", "datei"),
        *("图像", "图片", "影像", "文件"),
    ),
    "second": ("second", "2", "b", "r2", "reader2", "zweit", "第二", "复测"),
    "date": ("date", "datum", "日期", "时间"),
    "patient": (  # these name a person
        *("patient", "case", "subject", "mrn", "pid", "pat", "fallnummer", "patnr"),
        *("hospital number", "hospital no"),
        *("病历号", "住院号", "病案号", "登记号", "患者编号", "患者id", "患者", "病人", "病例"),
    ),
    "id": ("id", "ids", "identifier", "kennung", "编号"),
    "count": ("row", "index", "no", "nr", "number", "nummer", "lfd", "序号"),
    "split": (
        *("split", "cohort", "set", "subset", "dataset", "partition", "group", "gruppe"),
        *("分组", "数据集", "队列", "组别"),
    ),
    "centre": (
        *("centre", "center", "hospital", "site", "institution", "clinic", "klinik", "zentrum"),
        *("krankenhaus", "standort", "医院", "中心编号", "分中心", "院区", "机构"),
    ),
    "scanner": (
        *("scanner", "device", "machine", "manufacturer", "vendor", "gerät", "设备", "仪器"),
        *("机型",),
    ),
    "outcome": (  # whoever made the table calls it so
        *("outcome", "target", "label", "endpoint", "zielgröße", "endpunkt", "结局", "标签"),
        *("终点",),
    ),
    "disease": (
        *("y", "class", "event", "malign", "benign", "cancer", "carcinoma"),
        *("metasta", "lnm", "clnm", "llnm", "recurren", "death", "died", "relapse", "progression"),
        *("patholog", "histolog", "diagnos", "bösartig", "rezidiv", "dignität"),
        *("转移", "恶性", "良恶", "癌", "复发", "死亡", "病理", "诊断"),
    ),
    "reading": (
        *("radiologist", "reader", "reading", "sonographer", "doctor", "physician", "reported"),
        *("befund", "radiologe", "arzt", "医师", "医生", "读片", "阅片", "超声诊断", "超声提示"),
    ),
    "score": (
        *("score", "prob", "probability", "pred", "prediction", "predicted", "risk", "logit"),
        *("model", "nomogram", "signature", "likelihood", "wahrscheinlichkeit", "vorhersage"),
        *("评分", "得分", "概率", "预测", "风险"),
    ),
    "probability": (
        *("prob", "probability", "pred", "prediction", "predicted", "likelihood", "risk"),
        *("wahrscheinlichkeit", "概率"),
    ),
    "grade": (
        *("stage", "grade", "tirads", "ti rads", "birads", "tnm", "category", "stadium", "grad"),
        *("分期", "分级", "等级", "类别"),
    ),
    "after": (  # known after surgery
        *("stage", "pt", "pn", "ptnm", "patholog", "histolog", "resected"),
        *("surgical", "postoperativ", "手术方式"),
        *("分期", "病理", "术后"),
    ),
    "pixels": (
        *("px", "pixel", "polygon", "grayscale", "greyscale", "spacing", "dpi", "frames", "像素"),
    ),
}

# Variables that many studies have: short name, label of the report, unit where the name of the
# column tells none, words.
VARIABLES: tuple[tuple[str, str, str, tuple[str, ...]], ...] = (
    ("age", "Age", "years", ("age", "alter", "年龄")),
    ("sex", "Sex", "", ("sex", "gender", "geschlecht", "性别")),
    ("t_stage", "T stage", "", ("t stage", "pt", "t分期")),
    ("n_stage", "N stage", "", ("n stage", "pn", "n分期")),
    ("size", "Size", "", ("size", "diameter", "größe", "durchmesser", "大小", "直径", "最大径")),
    ("margin", "Margin", "", ("margin", "border", "rand", "边缘", "边界")),
    ("shape", "Shape", "", ("shape", "form", "形态", "形状")),
    ("aspect_ratio", "Aspect ratio", "", ("aspect", "taller", "纵横比")),
    ("echogenicity", "Echogenicity", "", ("echogen", "echo", "回声")),
    ("composition", "Composition", "", ("composition", "zusammensetzung", "成分", "结构")),
    ("calcification", "Calcification", "", ("calcif", "verkalkung", "钙化")),
    ("tirads", "TI-RADS", "", ("tirads", "ti rads", "acr tirads")),
    ("multifocality", "Multifocality", "", ("multifocal", "多灶")),
    ("capsule", "Capsule", "", ("capsul", "kapsel", "被膜", "包膜")),
    ("hashimoto", "Hashimoto thyroiditis", "", ("hashimoto", "thyroiditis", "桥本")),
    ("blood_flow", "Blood flow", "", ("vascular", "blood flow", "血流")),
    ("tsh", "TSH", "", ("tsh", "促甲状腺")),
    ("thyroglobulin", "Thyroglobulin", "", ("thyroglobulin", "tg", "甲状腺球蛋白")),
    ("bmi", "Body-mass index", "", ("bmi", "体重指数")),
    ("location", "Location", "", ("location", "position", "lage", "部位", "位置")),
)

TRAINS = ("train", "training", "development", "derivation", "discovery", "训练", "建模")
TESTS = (
    *("test", "testing", "val", "valid", "validation", "external", "internal", "holdout"),
    *("测试", "验证", "外部", "内部"),
)
YES = (
    *("1", "yes", "y", "true", "positive", "pos", "malignant", "metastasis", "ja", "bösartig"),
    *("是", "有", "阳性", "恶性", "转移", "有转移"),
)
NO = (
    *("0", "no", "n", "non", "none", "false", "negative", "neg", "benign", "absent", "nein"),
    *("no metastasis", "gutartig", "否", "无", "阴性", "良性", "无转移", "未转移"),
)
TRANSLATED = {  # levels as the report calls them
    **{"男": "Male", "女": "Female", "männlich": "Male", "weiblich": "Female"},
    **{"是": "Yes", "有": "Yes", "否": "No", "无": "No", "ja": "Yes", "nein": "No"},
    **{"阳性": "Positive", "阴性": "Negative", "良性": "Benign", "恶性": "Malignant"},
    **{"左": "Left", "左侧": "Left", "右": "Right", "右侧": "Right", "双侧": "Both sides"},
    **{"规则": "Regular", "不规则": "Irregular", "光滑": "Smooth", "清晰": "Well defined"},
    **{"不清": "Ill defined", "不清晰": "Ill defined", "模糊": "Ill defined"},
    **{"低回声": "Hypoechoic", "等回声": "Isoechoic", "高回声": "Hyperechoic"},
    **{"极低回声": "Very hypoechoic", "无回声": "Anechoic"},
    **{"实性": "Solid", "囊性": "Cystic", "囊实性": "Mixed", "混合性": "Mixed"},
    **{"glatt": "Smooth", "unregelmäßig": "Irregular", "unscharf": "Ill defined"},
}
UNITS = {  # as a name ends in them -> as the report prints them
    **{unit: unit for unit in ("mm", "cm", "kg", "ml", "px", "%", "years", "months", "days")},
    **{"year": "years", "yrs": "years", "yr": "years", "岁": "years", "jahre": "years"},
    **{"毫米": "mm", "厘米": "cm", "公斤": "kg", "month": "months", "day": "days"},
}
BRACKETED = re.compile(r"[(\[（【]\s*([^()\[\]（）【】]{1,12})\s*[)\]）】]\s*$")


def parts_of(header: str) -> list[str]:
    """Parts of a name in small letters: "Size_of_US" is size, of, us; "patientID" patient, id."""
    spaced = re.sub(r"(?<=[a-zäöü])(?=[A-Z])", " ", unicodedata.normalize("NFKC", header))
    # Latin letters and digits beside Chinese ones are a part of their own.
    spaced = re.sub(r"(?<=[A-Za-z0-9])(?=[\u3000-\u9fff])", " ", spaced)
    spaced = re.sub(r"(?<=[\u3000-\u9fff])(?=[A-Za-z0-9])", " ", spaced)
    return [part for part in re.split(r"[\W_]+", spaced.casefold()) if part]


def says(header: str, role: str) -> str:
    """The word of `WORDS` for this role that the name of a column holds, or ""."""
    return found(header, WORDS[role])


def found(text: str, words: tuple[str, ...]) -> str:
    """The first of the words that a name or a cell holds, or ""."""
    parts = parts_of(text)
    joined = f" {' '.join(parts)} "
    closed = joined.replace(" ", "")
    for word in words:
        if not word.isascii() and word.casefold() in closed:  # where ß is ss
            return word
        if word.isascii() and f" {word} " in joined:
            return word
        if word.isascii() and len(word) >= FREE and any(word in part for part in parts):
            return word
    return ""


def variable_of(header: str) -> tuple[str, str, str]:
    """Short name, label and unit of a variable that many studies have; empty where none is said."""
    known = (entry[:3] for entry in VARIABLES if found(header, entry[3]))
    return next(known, ("", "", ""))


def unit_of(header: str) -> str:
    """The unit with which a name ends: "Size (mm)", "age_years", "大小（毫米）"; or ""."""
    bracketed = BRACKETED.search(unicodedata.normalize("NFKC", header))
    if bracketed:
        text = bracketed[1].strip()
        known = UNITS.get(text.casefold(), "")
        return known or (text if re.search(r"[/%]", text) else "")
    parts = parts_of(header)
    return UNITS.get(parts[-1], "") if len(parts) > 1 else ""
