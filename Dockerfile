# One image for the web and the workers; compose.yaml says which is which.
FROM python:3.13.7-slim-bookworm

WORKDIR /app
COPY requirements.txt .
RUN pip install --no-cache-dir -r requirements.txt "psycopg[binary]>=3.2,<4"
COPY .streamlit .streamlit
COPY pages pages
COPY seq2seq seq2seq
COPY streamlit_app.py .

# `data` is where a lone container keeps its SQLite file.
RUN useradd --system seq2seq && mkdir data && chown seq2seq data
USER seq2seq
ENV PYTHONPATH=/app PYTHONUNBUFFERED=1
EXPOSE 8501
CMD ["streamlit", "run", "streamlit_app.py", "--server.headless=true", "--server.address=0.0.0.0"]
