import numpy as np
from keras.preprocessing.sequence import skipgrams, make_sampling_table
from keras.preprocessing import text
from keras.layers import Input, Embedding, Reshape, dot, Dense
from keras.models import Model
docs = ["the quick brown fox jumps over the lazy dog", "the dog sleeps in the house"]
tok = text.Tokenizer(); tok.fit_on_texts(docs)
V = len(tok.word_index) + 1
pairs, labels = [], []
for s in tok.texts_to_sequences(docs):
    p, l = skipgrams(s, vocabulary_size=V, window_size=3)
    pairs += p; labels += l
pairs = np.array(pairs); labels = np.array(labels)
a = Input((1,)); b = Input((1,))
emb = Embedding(V, 6)
d = dot([Reshape((6, 1))(emb(a)), Reshape((6, 1))(emb(b))], axes=1)
out = Dense(1, activation='sigmoid')(Reshape((1,))(d))
m = Model([a, b], out)
m.compile('rmsprop', 'binary_crossentropy')
m.fit([pairs[:, 0], pairs[:, 1]], labels, epochs=3, verbose=0)
